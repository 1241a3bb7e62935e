"""How much learners change when their weights are rounded to 16 bits, as the page holds them."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.ranges import LearnerName, PositiveInt
from icgd.writeup.companion import rounded

METRICS = {"rounding": Metric("RMS change of predictions by rounding weights, over the RMS of targets")}
COLUMNS: Mapping[str, Column] = {}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(study: Study, *, learners: list[LearnerName], prompts: PositiveInt) -> Iterator[Record]:
    """One row per learner and seed, on the training law."""
    stored, targets = study.prompts(count=prompts)
    scale = jnp.sqrt(jnp.mean(targets**2))
    for name in learners:
        population = study.learners[name]
        change = predict(rounded(population.learner), stored) - predict(population.learner, stored)
        yield from study.rows(name, population, {"rounding": jnp.sqrt(jnp.mean(change**2, (1, 2))) / scale})
