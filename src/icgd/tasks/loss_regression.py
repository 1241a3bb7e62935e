"""Linear regression under a loss that the prompt gives as data: pairs (r, ψ(r)) of its derivative."""

import math
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from icgd.objectives.losses import MONOTONE, ODD, TRAINED, Family, Psi, descend_loss, drawn, rho
from icgd.prompt import Prompt, Queried
from icgd.ranges import NonNegativeFloat, PositiveFloat, PositiveInt
from icgd.task import RegressionTask
from icgd.tasks.objective_regression import unit_noise

TABLE = np.linspace(-12, 12, 193, dtype=np.float32)
"""Residuals at which training knows ρ; it is linear in between and constant beyond."""


class LossRegression(RegressionTask):
    """Prompts whose objective is a list of M pairs (r, ψ(r)), r ~ N(0, spread²), of a random ψ.

    Labels are w·x + ε as in `ObjectiveRegression`. The target is what descent on ρ, ψ = ρ′, predicts
    (descent): the queries are unit vectors, so that a linear predictor answers with its weights; or ρ
    itself (objective): the queries are the examples' inputs, and the loss is the mean of ρ there over that
    of w = 0. Then the target holds the labels and then ρ on `TABLE`.
    """

    dimension: PositiveInt = eqx.field(static=True, default=3)
    context_length: PositiveInt = eqx.field(static=True, default=12)
    pairs: PositiveInt = eqx.field(static=True, default=8)
    family: Family | Literal["trained"] = eqx.field(static=True, default="trained")
    target: Literal["descent", "objective"] = eqx.field(static=True, default="descent")
    steps: PositiveInt = eqx.field(static=True, default=5)
    rate: PositiveFloat = 1.2
    decay: PositiveFloat = 0.7
    spread: PositiveFloat = 1.5
    noise_scale: NonNegativeFloat = 1.0

    def __check_init__(self) -> None:
        proper = ["trained", *(family for family in ODD if family in MONOTONE)]
        known = f"family is {self.family!r}, whose ψ is not odd and monotone"
        wanted = "training on the objective itself needs one of"
        if self.target == "objective" and self.family not in proper:
            raise ValueError(f"{known}; {wanted} {', '.join(proper)}")

    def rates(self) -> Float[Array, " steps"]:
        """The rate of every step."""
        return self.rate * self.decay ** jnp.arange(self.steps)

    def psi(self, key: Key[Array, ""]) -> Psi:
        """The ψ of a prompt, from its key: of the task's family, or of one of those trained."""
        family_key, psi_key = jax.random.split(key)
        if self.family != "trained":
            return drawn(self.family, psi_key)
        which = jax.random.randint(family_key, (), 0, len(TRAINED))
        every = [drawn(family, psi_key) for family in TRAINED]
        return lambda r: jnp.choose(which, [psi(r) for psi in every], mode="clip")

    def examples(self, key: Key[Array, ""]) -> tuple[Float[Array, "n d"], Float[Array, " n"]]:
        """Inputs and labels, with noise of a random family."""
        n, d = self.context_length, self.dimension
        inputs_key, weight_key, noise_key, which_key = jax.random.split(key, 4)
        x = jax.random.normal(inputs_key, (n * d,), jnp.float32).reshape(n, d)
        weight = jax.random.normal(weight_key, (d,), jnp.float32) / math.sqrt(d)
        noise = unit_noise(noise_key, n)
        return x, x @ weight + self.noise_scale * noise[jax.random.randint(which_key, (), 0, len(noise))]

    def listed(self, key: Key[Array, ""], psi: Psi) -> Float[Array, " m"]:
        """Pairs (r, ψ(r)), one after the other."""
        r = self.spread * jax.random.normal(key, (self.pairs,), jnp.float32)
        return jnp.stack([r, psi(r)], axis=-1).reshape(-1)

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, "k 1"]]:
        """One prompt in float32 and its target: weights [d 1], or [n + 2 1]; see `loss`."""
        examples_key, psi_key, pairs_key = jax.random.split(key, 3)
        x, y = self.examples(examples_key)
        psi = self.psi(psi_key)
        objective = self.listed(pairs_key, psi)
        if self.target == "objective":
            known = jnp.concatenate([y, rho(psi, jnp.asarray(TABLE))])
            return Queried(x, y[:, None], x, objective), known[:, None]
        fitted = descend_loss(x, y, psi, self.rates())[-1]
        return Queried(x, y[:, None], jnp.eye(self.dimension), objective), fitted[:, None]

    def loss(self, prediction: Float[Array, "q 1"], target: Float[Array, "k 1"]) -> Float[Array, ""]:
        """½‖w − w_target‖²/d, or mean ρ(y − ŷ)/mean ρ(y)."""
        if self.target == "descent":
            return 0.5 * jnp.mean((prediction - target) ** 2)
        labels, table = target[: len(prediction), 0], target[len(prediction) :, 0]

        def value(residuals: Float[Array, " n"]) -> Float[Array, ""]:
            return jnp.mean(jnp.interp(residuals, TABLE, table))

        return value(labels - prediction[:, 0]) / value(labels)
