"""Loss of fitted algorithms on the prompts that they were fitted to, to set beside the held-out one."""

import jax.numpy as jnp
import pandas as pd

from icgd.analysis.distances import losses, predict
from icgd.analysis.study import Study
from icgd.stages.baselines import fitting_prompts


def measure(study: Study, *, learners: list[str]) -> pd.DataFrame:
    """One row per learner, with the condition `fitting`."""
    prompts, targets = fitting_prompts(study.spec)
    tables = []
    for name in learners:
        found = predict(study.learners[name].learner, prompts)
        loss = jnp.mean(losses(found, targets), axis=1)
        tables.append(study.rows(name, study.learners[name], "fitting", {"loss": loss}))
    return pd.concat(tables)
