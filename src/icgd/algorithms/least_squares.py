"""Solvers of the prompt's least-squares problem Σ_j ‖W x_j − y_j‖²: rivals of gradient descent.

Parameters are set for the task by formula, or by `fitted` on prompts that are never evaluated on.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt
from icgd.task import Task
from icgd.tasks.linear_regression import LinearRegression


class Ridge(Learner):
    """argmin_W Σ_j ‖W x_j − y_j‖² + λ‖W‖²; λ = 0 is the minimum-norm least-squares fit.

    `free` says that λ has no formula and `fitted` is to find it.
    """

    penalty: Float[Array, ""]
    free: bool = eqx.field(static=True, default=False)

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

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "Ridge":
        """With the λ that predicts best, found by bounded search over its logarithm."""
        if not self.free:
            return self

        def loss(exponent: float) -> float:
            return float(_ridge_error(10.0**exponent, prompts, targets))

        best = scipy.optimize.minimize_scalar(loss, bounds=(-4.0, 3.0), method="bounded")
        return dataclasses.replace(self, penalty=jnp.asarray(10.0 ** float(best.x)))


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
        guess = jax.vmap(JacobiStep(jnp.ones_like(self.learning_rate)))(prompts)
        return JacobiStep(jnp.sum(guess * targets) / jnp.sum(guess**2))


class ConjugateGradient(Learner):
    """K steps of conjugate gradients on XᵀX Wᵀ = XᵀY from W = 0, each output on its own."""

    steps: int = eqx.field(static=True)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions after each step; exact after d steps."""
        gram = prompt.x.T @ prompt.x

        def step(state: Any, _: None) -> tuple[Any, Array]:
            weights, residual, direction = state
            image = gram @ direction
            before = jnp.sum(residual**2, axis=0)
            rate = _divide(before, jnp.sum(direction * image, axis=0))
            weights, residual = weights + rate * direction, residual - rate * image
            growth = _divide(jnp.sum(residual**2, axis=0), before)
            return (weights, residual, residual + growth * direction), prompt.query @ weights

        slope = prompt.x.T @ prompt.y
        start = (jnp.zeros_like(slope), slope, slope)
        return jax.lax.scan(step, start, None, self.steps)[1]


class NewtonSchulz(Learner):
    """K steps of M ← M(2I − S M) from M = αS, S = XᵀX: an iterative inverse; Ŵ = Yᵀ X M.

    Fu et al. 2023 propose it as what deep transformers compute. The error is (I − αS²)^(2^K).
    """

    scale: Float[Array, ""]
    steps: int = eqx.field(static=True)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions after each step."""
        gram, slope = prompt.x.T @ prompt.x, prompt.y.T @ prompt.x

        def step(inverse: Array, _: None) -> tuple[Array, Array]:
            inverse = 2 * inverse - inverse @ gram @ inverse
            return inverse, slope @ inverse @ prompt.query

        return jax.lax.scan(step, self.scale * gram, None, self.steps)[1]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "NewtonSchulz":
        """With the α that minimises E Σ_i (1 − αs_i²)^(2^(K+1)) over eigenvalues s of S."""
        x = np.asarray(prompts.x, np.float32)
        squares = np.linalg.eigvalsh(np.swapaxes(x, 1, 2) @ x).astype(float) ** 2

        def loss(log_scale: float) -> float:
            return float(np.log(np.mean((1 - np.exp(log_scale) * squares) ** (2 ** (self.steps + 1)))))

        limits = np.log([0.01 / squares.max(), 2.0 / squares.mean()])
        best = scipy.optimize.minimize_scalar(loss, bounds=tuple(limits), method="bounded")
        return dataclasses.replace(self, scale=jnp.asarray(np.exp(best.x)))


@jax.jit
def _ridge_error(penalty: Float[Array, ""], prompts: Prompt, targets: Float[Array, "p m"]) -> Array:
    return jnp.mean((jax.vmap(Ridge(penalty))(prompts) - targets) ** 2)


def _divide(numerator: Array, denominator: Array) -> Array:
    """The quotient, zero once the iteration has converged and both are zero."""
    safe = denominator > jnp.finfo(denominator.dtype).tiny
    return jnp.where(safe, numerator / jnp.where(safe, denominator, 1.0), 0.0)


def ordinary_least_squares(task: Task, key: Key[Array, ""]) -> Ridge:
    """Least squares, of minimum norm where it is not unique."""
    return Ridge(jnp.zeros(()))


def bayes_ridge(task: LinearRegression, key: Key[Array, ""]) -> Ridge:
    """The posterior mean under the task's law: λ = noise variance / weight variance.

    Without label noise λ → 0, and Bayes-optimal prediction is least squares.
    """
    return Ridge(jnp.asarray(task.label_noise**2 / task.weight_scale**2))


def fitted_ridge(task: Task, key: Key[Array, ""]) -> Ridge:
    """Ridge regression for a task whose optimal penalty has no formula; still to be fitted."""
    return Ridge(jnp.ones(()), free=True)


def jacobi_step(task: Task, key: Key[Array, ""]) -> JacobiStep:
    """The Jacobi-preconditioned step, its rate still to be fitted."""
    return JacobiStep(jnp.ones(()))


def conjugate_gradient(task: Task, key: Key[Array, ""], *, steps: PositiveInt) -> ConjugateGradient:
    """K steps of conjugate gradients."""
    return ConjugateGradient(steps)


def newton_schulz(task: Task, key: Key[Array, ""], *, steps: PositiveInt) -> NewtonSchulz:
    """K Newton–Schulz steps, their scale still to be fitted."""
    return NewtonSchulz(jnp.ones(()), steps)
