"""The products KᵀQ and P·V of one-layer models, rescaled to be comparable where they are free to be."""

import equinox as eqx
import jax
import numpy as np
import pandas as pd

from icgd.analysis.study import Population, Study
from icgd.constructions.gradient_layer import canonical
from icgd.models.attention_stack import Transformer


def measure(study: Study, *, learners: list[str]) -> pd.DataFrame:
    """One row per matrix entry, with the condition entry=head,row,column.

    A linear layer's products are defined up to a scalar, which is fixed by the learner `construction`.
    """
    tables = []
    for name in learners:
        population = study.learners[name]
        assert isinstance(population.learner, Transformer)
        model = _comparable(study, population)
        bilinear, write = eqx.filter_vmap(lambda layer: layer.products())(model.layers[0])
        for head, row, column in np.ndindex(bilinear.shape[1:]):
            entries = {
                "key_query": bilinear[:, head, row, column],
                "projection_value": write[:, head, row, column],
            }
            tables.append(study.rows(name, population, f"entry={head},{row},{column}", entries))
    return pd.concat(tables)


def _comparable(study: Study, population: Population) -> Transformer:
    model = population.learner
    assert isinstance(model, Transformer)
    if model.layers[0].kernel == "softmax":
        return model
    target = jax.tree.map(lambda a: a[0], study.learners["construction"].learner)
    return eqx.filter_vmap(canonical, in_axes=(eqx.if_array(0), None))(model, target)
