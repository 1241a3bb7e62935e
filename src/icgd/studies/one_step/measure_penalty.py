"""Loss of ridge regression against its penalty: without label noise the best one is zero."""

import equinox as eqx
import jax.numpy as jnp
import pandas as pd

from icgd.analysis.distances import losses, predict
from icgd.analysis.study import Population, Study
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.algorithms.least_squares import Ridge


def measure(study: Study, *, penalties: list[PositiveFloat], prompts: PositiveInt = 8192) -> pd.DataFrame:
    """One row per penalty λ, on the first `prompts` stored prompts."""
    stored, targets = study.prompts(study.spec["variant"], prompts)
    tables = []
    for penalty in penalties:
        population = Population(eqx.filter_vmap(Ridge)(jnp.array([penalty])), [None], None)
        loss = losses(predict(population.learner, stored), targets).mean(axis=1)
        tables.append(study.rows("ridge", population, f"penalty={penalty}", {"loss": loss}))
    return pd.concat(tables)
