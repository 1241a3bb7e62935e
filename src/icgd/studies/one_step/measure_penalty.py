"""Loss of ridge regression against its penalty: without label noise the best one is zero."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp

from icgd.algorithms.least_squares import Ridge
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import LOSSES, losses, predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study, alone
from icgd.ranges import PositiveFloat, PositiveInt

METRICS = {"loss": Metric(LOSSES["loss"].meaning, ("penalty",))}
COLUMNS = {"penalty": Column("Float64", "penalty λ of ridge regression", option="penalties")}
OTHERS = ("ridge",)


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Nothing: ridge regression is set up here."""
    return []


def measure(study: Study, *, penalties: list[PositiveFloat], prompts: PositiveInt = 8192) -> Iterator[Record]:
    """One row per penalty λ, on the first `prompts` stored prompts."""
    stored, targets = study.prompts(count=prompts)
    for penalty in penalties:
        population = alone(Ridge(jnp.asarray(penalty)))
        loss = losses(predict(population.learner, stored), targets).mean(axis=1)
        yield from study.rows("ridge", population, {"loss": loss}, penalty=penalty)
