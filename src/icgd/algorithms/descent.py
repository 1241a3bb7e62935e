"""Gradient descent and GD++ on ½N⁻¹ Σ_j ‖W x_j − y_j‖² (von Oswald et al. 2023, section 3).

Rates are per example, η/N₀ with N₀ the training context length, as in a layer whose weights have
absorbed it; `per_context` divides by the length of the prompt at hand instead.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.algorithms.rate_fits import fit_rates, spectral_density
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import normalised_rate, optimal_learning_rate


class GradientDescent(Learner):
    """K steps from `start`, or W = 0: W ← W − η_k/N₀ Σ_j (W x_j − y_j) x_jᵀ."""

    learning_rates: Float[Array, " steps"]
    normaliser: int | None = eqx.field(static=True, default=None)
    start: Float[Array, "m d"] | None = None

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions after each of the steps."""
        n, d = prompt.x.shape

        def step(weights: Float[Array, "m d"], rate: Array) -> tuple[Array, Array]:
            residual = prompt.x @ weights.T - prompt.y
            weights = weights - rate / (self.normaliser or n) * residual.T @ prompt.x
            return weights, weights @ prompt.query

        start = jnp.zeros((prompt.y.shape[-1], d), prompt.y.dtype) if self.start is None else self.start
        return jax.lax.scan(step, start, self.learning_rates)[1]

    def fitted_step(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "GradientDescent":
        """One step from the same start with the η that least squares gives on many prompts."""
        start = 0.0 if self.start is None else prompts.query @ self.start.T
        unit = dataclasses.replace(self, learning_rates=jnp.ones(1))
        moved = jax.vmap(unit)(prompts) - start
        rate = jnp.sum(moved * (targets - start)) / jnp.sum(moved**2)
        return dataclasses.replace(self, learning_rates=rate[None])


class NormalisedStep(Learner):
    """One step on the losses ‖W x_j − y_j‖²/‖x_j‖², so that no example counts for its length.

    ŷ = η/N Σ_j y_j x_jᵀx_q/‖x_j‖²: the least-mean-squares rule normalised as by Nagumo and Noda (1967).
    """

    learning_rate: Float[Array, ""]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction after the step."""
        weights = prompt.x @ prompt.query / jnp.sum(prompt.x**2, axis=1)
        return (self.learning_rate / len(prompt.x) * weights @ prompt.y)[None]


class CentredStep(Learner):
    """One gradient step on centred data: ŷ = η/N Σ_j (y_j − ȳ)(x_j − x̄)ᵀ x_q.

    What a pair of softmax heads with opposite signs is to first order in its logits.
    """

    learning_rate: Float[Array, ""]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction after the step."""
        x, y = prompt.x - prompt.x.mean(axis=0), prompt.y - prompt.y.mean(axis=0)
        return (self.learning_rate / len(x) * (y.T @ x) @ prompt.query)[None]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "CentredStep":
        """The step with the η that least squares gives on many prompts."""
        guess = jax.vmap(CentredStep(jnp.ones_like(self.learning_rate)))(prompts)
        return CentredStep(jnp.sum(guess * targets) / jnp.sum(guess**2))


class GradientDescentPlusPlus(Learner):
    """K steps of GD++: a gradient step on the current residual, then x ← (I − γ_k/N₀ XᵀX) x.

    The curvature step acts on context and query alike. γ = 0 gives gradient descent. With `fit`,
    what `fitted` determines is one (η, γ) for all steps or one per step, with or without γ.
    """

    learning_rates: Float[Array, " steps"]
    shrinkages: Float[Array, " steps"]
    normaliser: int = eqx.field(static=True)
    fit: "Fit" = eqx.field(static=True)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions after each of the steps."""
        return self.states(prompt)[2]

    def states(self, prompt: Prompt) -> tuple[Array, Array, Array]:
        """Inputs [steps n d], residual labels [steps n m] and predictions [steps m] after each step."""

        def step(state: Any, rates: tuple[Array, Array]) -> tuple[Any, tuple[Array, Array, Array]]:
            x, residual, query, prediction = state
            rate, shrinkage = (value / self.normaliser for value in rates)
            slope, covariance = residual.T @ x, x.T @ x
            prediction = prediction + rate * slope @ query
            residual = residual - rate * x @ slope.T
            x, query = x - shrinkage * x @ covariance, query - shrinkage * covariance @ query
            return (x, residual, query, prediction), (x, residual, prediction)

        start = (prompt.x, prompt.y, prompt.query, jnp.zeros(prompt.y.shape[-1], prompt.y.dtype))
        return jax.lax.scan(step, start, (self.learning_rates, self.shrinkages))[1]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "GradientDescentPlusPlus":
        """The rates that minimise the population loss for the prompts' spectrum of XᵀX/N₀."""
        density = spectral_density(prompts.x, self.normaliser, self.fit.guard)
        rates = fit_rates(density, len(self.learning_rates), self.fit.per_step, self.fit.curvature)
        return dataclasses.replace(self, learning_rates=rates[0], shrinkages=rates[1])


@dataclasses.dataclass(frozen=True)
class Fit:
    """Which rates are free, and how far beyond the largest eigenvalue seen stability is asked for."""

    per_step: bool
    curvature: bool
    guard: float


def gradient_step(
    task: LinearRegression, key: Key[Array, ""], *, per_context: bool = False
) -> GradientDescent:
    """One step with the analytically optimal rate for `task`."""
    rate = jnp.asarray(optimal_learning_rate(task))[None]
    return GradientDescent(rate, None if per_context else task.context_length)


def normalised_step(task: LinearRegression, key: Key[Array, ""]) -> NormalisedStep:
    """One normalised step with the analytically optimal rate for `task`."""
    return NormalisedStep(jnp.asarray(normalised_rate(task)))


def centred_step(task: LinearRegression, key: Key[Array, ""]) -> CentredStep:
    """One step on centred data, its rate still to be fitted."""
    return CentredStep(jnp.ones(()))


def gradient_descent(
    task: LinearRegression,
    key: Key[Array, ""],
    *,
    steps: PositiveInt,
    per_step: bool = False,
    curvature: bool = False,
    guard: PositiveFloat = 1.25,
) -> GradientDescentPlusPlus:
    """K-step GD or, with `curvature`, GD++, with rates still to be fitted.

    guard: the fit also asks for stability up to `guard` times the largest eigenvalue of the fitting
    prompts, with the weight of one prompt; 1 leaves it out. `ValueError` for a task with noise, as
    the fit uses that the prediction error is a polynomial in XᵀX applied to W x_q.
    """
    if task.label_noise or task.corrupted_labels:
        raise ValueError(
            "gradient_descent fits its rates for clean labels; the task has label_noise = "
            f"{task.label_noise} and corrupted_labels = {task.corrupted_labels}, expected 0 and 0"
        )
    rates = jnp.ones(steps)
    fit = Fit(per_step, curvature, guard)
    return GradientDescentPlusPlus(rates, jnp.zeros(steps), task.context_length, fit)
