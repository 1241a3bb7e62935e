"""Lines under an objective: points with heavy, Gaussian or bounded noise, inputs (u, 1) with u ~ N(0, 1)."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.ranges import PositiveInt
from icgd.tasks.loss_regression import LossRegression
from icgd.tasks.objective_regression import ObjectiveRegression, unit_noise


class ObjectiveLines(ObjectiveRegression):
    """The objective is L1, L2 or L∞, told by name."""

    dimension: PositiveInt = eqx.field(static=True, default=2)

    def _draw(self, key: Key[Array, ""], count: int) -> Float[Array, " count"]:
        """Entries of variance one, of which every other is 1."""
        return jnp.where(jnp.arange(count) % 2 == 0, super()._draw(key, count), 1.0)


class LossLines(LossRegression):
    """The objective is a loss, told by pairs (r, ψ(r))."""

    dimension: PositiveInt = eqx.field(static=True, default=2)

    def examples(self, key: Key[Array, ""]) -> tuple[Float[Array, "n d"], Float[Array, " n"]]:
        """Inputs and labels, with noise of a random family."""
        inputs_key, weight_key, noise_key, which_key = jax.random.split(key, 4)
        u = jax.random.normal(inputs_key, (self.context_length,), jnp.float32)
        x = jnp.stack([u, jnp.ones_like(u)], axis=1)
        weight = jax.random.normal(weight_key, (2,), jnp.float32) / math.sqrt(2)
        noise = unit_noise(noise_key, self.context_length)
        return x, x @ weight + self.noise_scale * noise[jax.random.randint(which_key, (), 0, len(noise))]
