"""The products KᵀQ and P·V of one-layer models, rescaled to be comparable where they are free to be."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.constructions.gradient_layer import canonical
from icgd.models.attention_stack import Transformer
from icgd.ranges import LearnerName

PLACE = ("head", "row", "column")
METRICS = {
    "key_query": Metric("entry of KᵀQ of the first layer", PLACE),
    "projection_value": Metric("entry of P·V of the first layer", PLACE),
}
COLUMNS: Mapping[str, Column] = {}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"]) + ([options["gauge"]] if "gauge" in options else [])


def measure(study: Study, *, learners: list[LearnerName], gauge: str = "") -> Iterator[Record]:
    """One row per matrix entry.

    A linear layer's products are defined up to a scalar, which the learner `gauge`, if given, fixes.
    """
    for name in learners:
        population = study.learners[name]
        bilinear, write = eqx.filter_vmap(lambda layer: layer.products())(
            _comparable(study, population, gauge)
        )
        for head, row, column in np.ndindex(bilinear.shape[1:]):
            entries = {
                "key_query": bilinear[:, head, row, column],
                "projection_value": write[:, head, row, column],
            }
            yield from study.rows(name, population, entries, head=head + 1, row=row, column=column)


def _comparable(study: Study, population: Population, gauge: str) -> Any:
    """The first layer of each seed."""
    model = population.learner
    if not isinstance(model, Transformer):
        raise TypeError(f"weights are shown of attention stacks, not of {type(model).__name__}")
    if not gauge:
        return model.layers[0]
    target = jax.tree.map(lambda a: a[0], study.learners[gauge].learner)
    return population.map(canonical, target).layers[0]
