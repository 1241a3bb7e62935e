"""The trained layer applied again and again with damping, beside damped gradient descent."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Bool, Float

from icgd.compare.metrics import CHUNK, in_double, loss_metrics
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
        def trajectory(prompt: Prompt) -> Array:
            return learner.trajectory(in_double(prompt))

        predictions = jax.lax.map(trajectory, prompts, batch_size=CHUNK)
        return 0.5 * jnp.sum((predictions - targets[:, None]) ** 2, axis=-1)

    return eqx.filter_vmap(each_seed)(learners)


def stable_prompts(prompts: Prompt, rate: Float[Array, ""]) -> Bool[Array, " p"]:
    """Where gradient descent with `rate` converges: rate · λ_max(XᵀX/N) < 2."""
    curvature = jnp.linalg.matrix_norm(prompts.x, ord=2) ** 2 / prompts.x.shape[1]
    return rate * curvature < 2


def measure(
    study: Study,
    *,
    steps: PositiveInt = 50,
    damping: PositiveFloat = 0.75,
    prompts: PositiveInt = 8192,
    bound: PositiveFloat = 10.0,
) -> pd.DataFrame:
    """Metrics at every step of the trained learners, their interpolations and the reference.

    `loss` averages over all prompts, on some of which gradient descent itself diverges;
    `stable_loss` and its excess over the reference are over those where it converges;
    `diverged_fraction` counts prompts whose error exceeds `bound` or is not finite.
    """
    stored, targets = study.prompts(study.spec["variant"], prompts)
    reference = study.spec["reference"]
    step_rule = study.learners[reference].learner
    assert isinstance(step_rule, GradientDescent)
    stable = stable_prompts(stored, damping * step_rule.learning_rate[0])
    losses = {
        name: trajectory_losses(unrolled(study.learners[name].learner, steps, damping), stored, targets)
        for name in [reference, *study.spec["trained"], *study.spec["interpolations"]]
    }
    tables = [
        study.rows(
            name,
            study.learners[name],
            f"steps={step + 1}",
            _metrics(values[..., step], losses[reference][..., step], stable, bound),
        )
        for name, values in losses.items()
        for step in range(steps)
    ]
    unstable = {"unstable_fraction": 1 - stable.mean()[None]}
    tables.append(study.rows(reference, study.learners[reference], study.spec["variant"], unstable))
    return pd.concat(tables)


def _metrics(
    values: Float[Array, "seeds p"],
    base: Float[Array, "1 p"],
    stable: Bool[Array, " p"],
    bound: float,
) -> dict[str, Float[Array, " seeds"]]:
    inside = {f"stable_{k}": v for k, v in loss_metrics(values[:, stable], base[:, stable]).items()}
    diverged = ~(values < 0.5 * bound**2)
    return loss_metrics(values, base) | inside | {"diverged_fraction": diverged.mean(axis=1)}
