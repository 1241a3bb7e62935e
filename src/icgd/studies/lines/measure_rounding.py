"""How much learners change when their weights are rounded to 16 bits, as the page holds them."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.ranges import LearnerName, PositiveInt
from icgd.writeup.companion import rounded

METRICS = {"rounding": Metric("RMS change of predictions by rounding weights, over their RMS")}
COLUMNS: Mapping[str, Column] = {}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(study: Study, *, learners: list[LearnerName], prompts: PositiveInt) -> Iterator[Record]:
    """One row per learner and seed, on the training law."""
    stored, _ = study.prompts(count=prompts)
    for name in learners:
        population = study.learners[name]
        before, after = (predict(each, stored) for each in (population.learner, rounded(population.learner)))
        shares = jnp.sum((after - before) ** 2, _all_but_seeds(before)) / jnp.sum(
            before**2, _all_but_seeds(before)
        )
        yield from study.rows(name, population, {"rounding": jnp.sqrt(shares)})


def _all_but_seeds(predictions: Float[Array, "seeds ..."]) -> tuple[int, ...]:
    return tuple(range(1, predictions.ndim))
