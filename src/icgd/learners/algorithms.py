"""Explicit algorithms on ½N⁻¹ Σ_j ‖W x_j − y_j‖²: the baselines and rivals.

Their hyper-parameters are set to the optimum for the task when they are built: by a formula where
one exists, otherwise by least squares on the fitting prompts (see `icgd.stages.baselines`).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.constrained import PositiveInt
from icgd.learners.base import Learner
from icgd.prompt import Prompt
from icgd.tasks.linear import LinearRegression
from icgd.theory import optimal_learning_rate


class Trivial(Learner):
    """Predicts zero, the mean of the labels' law."""

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """Zeros."""
        return jnp.zeros((1, prompt.y.shape[-1]), prompt.y.dtype)


class GradientDescent(Learner):
    """K steps from W = 0: W ← W − η/N₀ Σ_j (W x_j − y_j) x_jᵀ.

    `normaliser` is N₀: the training context length, as in a layer whose weights absorbed η/N₀;
    None divides by the length of the prompt at hand.
    """

    learning_rate: Float[Array, ""]
    steps: int = eqx.field(static=True, default=1)
    damping: float = eqx.field(static=True, default=1.0)
    normaliser: int | None = eqx.field(static=True, default=None)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions after each of the steps."""
        n, d = prompt.x.shape
        rate = self.damping * self.learning_rate / (self.normaliser or n)

        def step(weights: Float[Array, "m d"], _: None) -> tuple[Array, Array]:
            residual = prompt.x @ weights.T - prompt.y
            weights = weights - rate * residual.T @ prompt.x
            return weights, weights @ prompt.query

        start = jnp.zeros((prompt.y.shape[-1], d), prompt.y.dtype)
        return jax.lax.scan(step, start, None, self.steps)[1]


class JacobiStep(Learner):
    """One step preconditioned by each prompt's own curvature: W = η Yᵀ X diag(XᵀX)⁻¹."""

    learning_rate: Float[Array, ""]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction after the step."""
        curvature = jnp.sum(prompt.x**2, axis=0)
        weights = self.learning_rate * (prompt.y.T @ prompt.x) / curvature
        return (weights @ prompt.query)[None]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "JacobiStep":
        """The step with the η that least squares gives on many prompts."""
        unit = eqx.tree_at(lambda step: step.learning_rate, self, jnp.ones_like(self.learning_rate))
        guess = jax.vmap(unit)(prompts)
        rate = jnp.sum(guess * targets) / jnp.sum(guess**2)
        return eqx.tree_at(lambda step: step.learning_rate, self, rate)


class Ridge(Learner):
    """argmin_W Σ_j ‖W x_j − y_j‖² + λ‖W‖²; λ = 0 is the minimum-norm least-squares fit."""

    penalty: Float[Array, ""]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction of the fit, solved in the smaller of the primal and the dual."""
        x, y = prompt.x, prompt.y
        n, d = x.shape
        if n >= d:
            weights = jnp.linalg.solve(x.T @ x + self.penalty * jnp.eye(d, dtype=x.dtype), x.T @ y)
        else:
            dual = jnp.linalg.solve(x @ x.T + self.penalty * jnp.eye(n, dtype=x.dtype), y)
            weights = x.T @ dual
        return (weights.T @ prompt.query)[None]


def trivial(task: LinearRegression, key: Key[Array, ""]) -> Trivial:
    """The predictor of zero."""
    return Trivial()


def gradient_descent(
    task: LinearRegression, key: Key[Array, ""], *, steps: PositiveInt = 1, per_context: bool = False
) -> GradientDescent:
    """GD with the analytically optimal one-step rate for `task`.

    per_context divides the gradient by each prompt's own N, otherwise by the task's.
    """
    rate = jnp.asarray(optimal_learning_rate(task))
    return GradientDescent(rate, steps, normaliser=None if per_context else task.context_length)


def jacobi_step(task: LinearRegression, key: Key[Array, ""]) -> JacobiStep:
    """The Jacobi-preconditioned step, its rate still to be fitted."""
    return JacobiStep(jnp.ones(()))


def ordinary_least_squares(task: LinearRegression, key: Key[Array, ""]) -> Ridge:
    """Least squares, of minimum norm where it is not unique."""
    return Ridge(jnp.zeros(()))


def bayes_ridge(task: LinearRegression, key: Key[Array, ""]) -> Ridge:
    """The posterior mean under the task's law: λ = noise variance / weight variance.

    Without label noise λ → 0, and Bayes-optimal prediction is least squares.
    """
    return Ridge(jnp.asarray(task.label_noise**2 / task.weight_scale**2))
