"""Linear regression in context (von Oswald et al. 2023, section 3).

x_j ~ law with E[x xᵀ] = σ²I, W ~ N(0, s²) of shape m × d, y_j = W x_j + ε_j. The laws share the
variance σ² = input_scale²/12 of the uniform one, so that changing the law changes only its shape.
"""

import math
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.prompt import Prompt
from icgd.ranges import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from icgd.task import RegressionTask

InputLaw = Literal["uniform", "normal", "exponential", "laplace", "norm_matched"]
# E[x⁴]/σ⁴ of one coordinate; a norm-matched input has ‖x‖² = dσ² exactly.
KURTOSIS = {"uniform": 9 / 5, "normal": 3.0, "exponential": 9.0, "laplace": 6.0}


class LinearRegression(RegressionTask):
    """Prompts of linear functions; `corrupted_labels` of the n labels are pure noise N(0, s²)."""

    dimension: PositiveInt = eqx.field(static=True, default=10)
    context_length: PositiveInt = eqx.field(static=True, default=10)
    outputs: PositiveInt = eqx.field(static=True, default=1)
    inputs: InputLaw = eqx.field(static=True, default="uniform")
    input_scale: PositiveFloat = 1.0
    weight_scale: PositiveFloat = 1.0
    label_noise: NonNegativeFloat = eqx.field(static=True, default=0.0)
    corrupted_labels: NonNegativeInt = eqx.field(static=True, default=0)

    def __check_init__(self) -> None:
        if self.corrupted_labels > self.context_length:
            raise ValueError(
                f"corrupted_labels is {self.corrupted_labels} but a context has only "
                f"{self.context_length} labels; choose at most that many"
            )

    @property
    def input_variance(self) -> float:
        """σ², the variance of each coordinate of x."""
        return self.input_scale**2 / 12

    @property
    def fourth_moment(self) -> float:
        """E‖x‖⁴ of one input."""
        d, s2 = self.dimension, self.input_variance
        if self.inputs == "norm_matched":
            return (d * s2) ** 2
        return d * (KURTOSIS[self.inputs] + d - 1) * s2**2

    def _draw_inputs(self, key: Key[Array, ""], count: int) -> Float[Array, "count d"]:
        return self._draw_flat(key, (count * self.dimension,)).reshape(count, self.dimension)

    def _draw_flat(self, key: Key[Array, ""], shape: tuple[int]) -> Float[Array, " entries"]:
        """All entries in one row, which XLA draws three times as fast as a matrix of them."""
        std = self.input_scale / math.sqrt(12)
        if self.inputs == "uniform":
            return self.input_scale * jax.random.uniform(key, shape, jnp.float32, -0.5, 0.5)
        if self.inputs == "exponential":
            return std * (jax.random.exponential(key, shape, jnp.float32) - 1)
        if self.inputs == "laplace":
            return std / math.sqrt(2) * jax.random.laplace(key, shape, jnp.float32)
        normal = jax.random.normal(key, shape, jnp.float32)
        if self.inputs == "normal":
            return std * normal
        rows = normal.reshape(-1, self.dimension)
        norms = jnp.linalg.norm(rows, axis=-1, keepdims=True)
        return (std * math.sqrt(self.dimension) * rows / norms).ravel()

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """One prompt in float32 and its noise-free target W x_q of shape [m]."""
        n, d, m = self.context_length, self.dimension, self.outputs
        inputs_key, weight_key, noise_key = jax.random.split(key, 3)
        inputs = self._draw_inputs(inputs_key, n + 1)
        weight = self.weight_scale * jax.random.normal(weight_key, (m, d), jnp.float32)
        labels = inputs @ weight.T
        y = labels[:n]
        if self.label_noise or self.corrupted_labels:
            noise = jax.random.normal(noise_key, (2, n, m), jnp.float32)
            corrupted = jnp.arange(n)[:, None] < self.corrupted_labels
            y = jnp.where(corrupted, self.weight_scale * noise[1], y + self.label_noise * noise[0])
        return Prompt(inputs[:n], y, inputs[n]), labels[n]
