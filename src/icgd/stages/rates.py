"""Stage: try learning rates for one trained learner, on prompts and initial weights of their own."""

import math
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd

from icgd.models.fast_linear import predictions
from icgd.results.job import Job
from icgd.results.tables import save_table
from icgd.stages.train import untrained
from icgd.training.loop import NonFiniteLossError, Training, initial_state, train

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
TRIAL = "rates"
"""What tells the keys of trials from those of the paper's runs."""
EVALUATION = 4096


def main(job: Job) -> None:
    """Write a row per rate: the mean loss of all seeds over that of predicting zero, on fresh prompts."""
    name = job.spec["learner_name"]
    rows = [{"learner": name, "learning_rate": rate, "error": _error(job.spec, rate)} for rate in RATES]
    save_table(job.outputs["output"], pd.DataFrame(rows))


def _error(spec: Mapping[str, Any], rate: float) -> float:
    learners, task, keys = untrained(spec, spec["seeds"], trial=TRIAL)
    training = Training(**spec["training"] | {"learning_rate": rate, "snapshots": 1})
    state = initial_state(learners, training)
    try:
        *_, state = train(state, task, training, keys, spec["seeds"])
    except NonFiniteLossError:
        return math.inf
    sample = jax.vmap(task.sample)
    prompts, targets = sample(jax.random.split(jax.random.fold_in(keys[0], training.steps), EVALUATION))
    found = eqx.filter_jit(eqx.filter_vmap(lambda learner: predictions(learner, prompts)))(state.learner)
    losses = jax.jit(jax.vmap(task.loss))
    zero = jnp.mean(losses(jnp.zeros_like(found[0]), targets))
    return float(jnp.mean(jnp.stack([jnp.mean(losses(each, targets)) for each in found])) / zero)
