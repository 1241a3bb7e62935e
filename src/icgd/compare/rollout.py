"""The trained layer applied again and again with damping, beside damped gradient descent."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float

from icgd.compare.metrics import CHUNK, loss_metrics
from icgd.compare.study import Study
from icgd.constrained import PositiveFloat, PositiveInt
from icgd.learners.algorithms import GradientDescent
from icgd.learners.base import Learner
from icgd.learners.transformer import Transformer
from icgd.prompt import Prompt


def unrolled(learner: Learner, steps: int, damping: float) -> Learner:
    """The same learner repeated `steps` times, each update multiplied by `damping`."""
    if isinstance(learner, Transformer):
        return dataclasses.replace(learner, repeats=steps, damping=damping)
    assert isinstance(learner, GradientDescent)
    return dataclasses.replace(learner, steps=steps, damping=damping)


@eqx.filter_jit
def trajectory_losses(
    learners: Learner, prompts: Prompt, targets: Float[Array, "p m"]
) -> Float[Array, "seeds p steps"]:
    """½‖ŷ − y‖² after each step."""

    def each_seed(learner: Learner) -> Array:
        predictions = jax.lax.map(learner.trajectory, prompts, batch_size=CHUNK)
        return 0.5 * jnp.sum((predictions - targets[:, None]) ** 2, axis=-1)

    return eqx.filter_vmap(each_seed)(learners)


def measure(
    study: Study, *, steps: PositiveInt = 50, damping: PositiveFloat = 0.75, prompts: PositiveInt = 8192
) -> pd.DataFrame:
    """Losses at every step of the trained learners, their interpolations and the reference."""
    stored, targets = study.prompts(study.spec["variant"], prompts)
    reference = study.spec["reference"]
    names = [*study.spec["trained"], *study.spec["interpolations"], reference]
    found = {
        name: trajectory_losses(unrolled(study.learners[name].learner, steps, damping), stored, targets)
        for name in names
    }
    return pd.concat(
        study.rows(name, study.learners[name], f"steps={step + 1}",
                   loss_metrics(values[..., step], found[reference][..., step]))
        for name, values in found.items()
        for step in range(steps)
    )  # fmt: skip
