"""Straight lines in context: problems that can be drawn, with slope and intercept as the two weights.

y = w₁u + w₀ with w ~ N(0, I), so the inputs are φ = (u, 1). The best layer of linear attention is
ŷ = (1/N) Σ_j y_j φ_jᵀ Γ φ_q with Γ = E[S²]⁻¹ E[S], S the mean of φφᵀ over the N examples. For u uniform with
variance s² both entries of Γ are 1/(1 + s²/N) if s² = (N − 1)/(N − 1/5): then that layer is a gradient step
with one rate.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.algorithms.descent import GradientDescent, GradientDescentPlusPlus, gradient_descent
from icgd.models.attention_stack import Transformer, attention_stack
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.task import RegressionTask
from icgd.tasks.linear_regression import LinearRegression


class Lines(RegressionTask):
    """Prompts of N points on a line, with inputs (u, 1)."""

    context_length: PositiveInt = eqx.field(static=True, default=8)

    def __check_init__(self) -> None:
        if self.context_length < 2:
            raise ValueError(f"context_length is {self.context_length}, but a line needs two points")

    @property
    def variance(self) -> float:
        """s², for which the best layer is a gradient step."""
        return (self.context_length - 1) / (self.context_length - 0.2)

    @property
    def reach(self) -> float:
        """The largest |u|."""
        return math.sqrt(3 * self.variance)

    @property
    def plain(self) -> LinearRegression:
        """The linear problem with as many inputs and examples, whose learners serve here."""
        return LinearRegression(dimension=2, context_length=self.context_length)

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """One prompt in float32 and its target of shape [1]."""
        inputs, weights = jax.random.split(key)
        n = self.context_length
        u = jax.random.uniform(inputs, (n + 1,), jnp.float32, -self.reach, self.reach)
        x = jnp.stack([u, jnp.ones_like(u)], axis=1)
        y = x @ jax.random.normal(weights, (2, 1), jnp.float32)
        return Prompt(x[:n], y[:n], x[n]), y[n]


def line_stack(
    task: Lines,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 1,
    repeats: PositiveInt = 1,
    heads: PositiveInt = 1,
    initial_scale: PositiveFloat = 0.5,
) -> Transformer:
    """Untrained layers of linear attention on tokens (u, 1, y)."""
    return attention_stack(
        task.plain, key, layers=layers, repeats=repeats, heads=heads, initial_scale=initial_scale
    )


def line_step(task: Lines, key: Key[Array, ""]) -> GradientDescent:
    """One gradient step with the best rate, 1/(1 + s²/N)."""
    rate = 1 / (1 + task.variance / task.context_length)
    return GradientDescent(jnp.asarray([rate]), task.context_length)


def line_descent(
    task: Lines, key: Key[Array, ""], *, steps: PositiveInt, curvature: bool = False, per_step: bool = False
) -> GradientDescentPlusPlus:
    """Steps of GD or GD++ with rates still to be fitted, as for isotropic inputs, which (u, 1) nearly are."""
    return gradient_descent(task.plain, key, steps=steps, curvature=curvature, per_step=per_step)
