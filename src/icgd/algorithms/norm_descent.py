"""Descent on L1 or L∞ for prompts of any scale: rivals of descent on L2, at their best rate.

The temperature τ and the sharpness β of `icgd.objectives.dial.descend` are relative to the RMS label. They
are not fitted, as with τ = ∞ all of these are descent on L2; τ = 0 and β = ∞ are the unsmoothed limits. On
clean labels the exact fits are least squares.
"""

import dataclasses
import math
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import scipy
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.objectives.dial import Dial, descend
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.task import Task

FITTING = 16384
"""The number of prompts on which a rate is fitted."""
REACH = 100.0
"""Rates up to this factor around one RMS label per unit of input variance are searched."""


class NormDescent(Learner):
    """K steps of smoothed descent on the mean or the largest absolute residual."""

    rate: Float[Array, ""]
    temperature: Float[Array, ""]
    sharpness: Float[Array, ""]
    steps: int = eqx.field(static=True)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps 1"]:
        """Predictions after each of the steps."""
        dials = (jnp.full(self.steps, number) for number in (self.rate, self.temperature, self.sharpness))
        return descend(prompt.x, prompt.y[:, 0], Dial(*dials)) @ prompt.query[:, None]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "NormDescent":
        """With τ and β in units of the RMS label, and the rate of the least loss."""
        prompts, targets = jax.tree.map(lambda a: a[:FITTING], (prompts, targets))
        size, variance = float(jnp.sqrt(jnp.mean(prompts.y**2))), float(jnp.mean(prompts.x**2))
        scaled = dataclasses.replace(
            self, temperature=self.temperature * size, sharpness=self.sharpness / size
        )

        @jax.jit
        def loss(log_rate: Float[Array, ""]) -> Float[Array, ""]:
            learner = dataclasses.replace(scaled, rate=jnp.exp(log_rate))
            return jnp.mean((jax.vmap(learner)(prompts) - targets) ** 2)

        centre = math.log(size / variance)
        limits = (centre - math.log(REACH), centre + math.log(REACH))
        best = scipy.optimize.minimize_scalar(
            lambda z: float(loss(jnp.asarray(z))), bounds=limits, method="bounded"
        )
        return dataclasses.replace(scaled, rate=jnp.asarray(math.exp(best.x)))


def norm_descent(
    task: Task,
    key: Key[Array, ""],
    *,
    norm: Literal["l1", "linf"],
    steps: PositiveInt,
    smooth: bool = True,
    temperature: PositiveFloat = 0.2,
    sharpness: PositiveFloat = 5.0,
) -> NormDescent:
    """Descent on a norm of the residuals, still to be fitted; τ and β are for smooth descent, β for L∞."""
    tau, beta = (temperature, sharpness) if smooth else (0.0, math.inf)
    dial = (jnp.ones(()), jnp.asarray(tau), jnp.asarray(beta if norm == "linf" else 0.0))
    return NormDescent(*dial, steps)
