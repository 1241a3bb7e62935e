"""Multi-step descent, its fitted rates, and the rival algorithms, against dense oracles."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms import descent, smoothers
from icgd.algorithms import least_squares as solvers
from icgd.algorithms import norm_descent as norms
from icgd.algorithms.rate_fits import Density, fit_rates, remaining_error, spectral_density
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate
from tests.test_learners import random_prompt

KEY = jax.random.key(3)
TASK = LinearRegression(dimension=4, context_length=6)


@pytest.fixture
def prompts(double: None) -> tuple[Prompt, jax.Array]:
    drawn, targets = jax.vmap(TASK.sample)(jax.random.split(KEY, 20_000))
    return jax.tree.map(lambda a: a.astype(float), drawn), targets.astype(float)


def plus_plus(rates: list[float], shrinkages: list[float], n: int) -> descent.GradientDescentPlusPlus:
    fit = descent.Fit(per_step=True, curvature=True, guard=1.0)
    return descent.GradientDescentPlusPlus(jnp.array(rates), jnp.array(shrinkages), n, fit)


def test_without_curvature_it_is_gradient_descent(double: None) -> None:
    prompt, rates = random_prompt(0, 5, 3, 2), [0.3, 0.1, 0.2]
    ours = plus_plus(rates, [0.0] * 3, 5).trajectory(prompt)
    np.testing.assert_allclose(ours, descent.GradientDescent(jnp.array(rates)).trajectory(prompt), rtol=1e-10)


def test_curvature_steps_match_a_dense_transcription(double: None) -> None:
    prompt, rates, shrinkages = random_prompt(1, 5, 3, 2), [0.3, 0.2], [0.1, 0.05]
    x, y, query = (np.asarray(a) for a in (prompt.x, prompt.y, prompt.query))
    prediction = np.zeros(2)
    for rate, shrinkage in zip(rates, shrinkages, strict=True):
        weights = rate / 5 * y.T @ x
        prediction, y = prediction + weights @ query, y - x @ weights.T
        squeeze = np.eye(3) - shrinkage / 5 * x.T @ x
        x, query = x @ squeeze, squeeze @ query
    np.testing.assert_allclose(plus_plus(rates, shrinkages, 5)(prompt), prediction, rtol=1e-10)


def test_error_is_the_polynomial_of_the_spectrum(double: None) -> None:
    prompt, weight = random_prompt(2, 6, 3, 1), np.array([1.0, -2.0, 0.5])
    prompt = dataclasses.replace(prompt, y=prompt.x @ weight[:, None])
    rates, shrinkages = [0.5, 0.9], [0.1, 0.2]
    values, vectors = np.linalg.eigh(prompt.x.T @ prompt.x / 6)
    left = remaining_error(jnp.asarray(values), jnp.array(rates), jnp.array(shrinkages))
    error = weight @ (vectors * np.asarray(left)) @ vectors.T @ np.asarray(prompt.query)
    target = weight @ np.asarray(prompt.query)
    np.testing.assert_allclose(plus_plus(rates, shrinkages, 6)(prompt), [target - error], rtol=1e-9)


def test_one_fitted_step_has_the_analytic_rate(prompts: tuple[Prompt, jax.Array]) -> None:
    fitted = descent.gradient_descent(TASK, KEY, steps=1).fitted(*prompts)
    assert float(fitted.learning_rates[0]) == pytest.approx(optimal_learning_rate(TASK), rel=0.02)


@pytest.mark.parametrize("per_step", [False, True])
@pytest.mark.parametrize("curvature", [False, True])
def test_fitted_rates_are_the_best(
    prompts: tuple[Prompt, jax.Array], per_step: bool, curvature: bool
) -> None:
    """No random change improves the fitted rates' loss on the fitting prompts themselves."""
    start = descent.gradient_descent(TASK, KEY, steps=3, per_step=per_step, curvature=curvature, guard=1.0)
    fitted = start.fitted(*prompts)
    values = spectral_density(prompts[0].x, 6, 1.0).eigenvalues

    def loss(rates: jax.Array, shrinkages: jax.Array) -> float:
        return float(jnp.mean(remaining_error(jnp.asarray(values), rates, shrinkages) ** 2))

    best = loss(fitted.learning_rates, fitted.shrinkages)
    generator = np.random.default_rng(0)
    for size in (0.003, 0.01, 0.1, 0.5):
        for _ in range(10):
            factors = np.exp(size * generator.normal(size=(2, 3 if per_step else 1)))
            assert loss(fitted.learning_rates * factors[0], fitted.shrinkages * factors[1]) > best * (
                1 - 1e-6
            )
    assert per_step or len(set(fitted.learning_rates.tolist())) == 1
    assert curvature == bool(jnp.any(fitted.shrinkages != 0))


def test_more_freedom_is_never_worse(prompts: tuple[Prompt, jax.Array]) -> None:
    density = spectral_density(prompts[0].x, 6, 1.0)

    def loss(per_step: bool, curvature: bool) -> float:
        rates = fit_rates(density, 2, per_step, curvature)
        return float(jnp.mean(remaining_error(jnp.asarray(density.eigenvalues), *rates) ** 2))

    assert loss(True, True) < min(loss(True, False), loss(False, True))
    assert max(loss(True, False), loss(False, True)) < loss(False, False)


def test_the_guard_keeps_rates_stable_beyond_the_largest_eigenvalue(double: None) -> None:
    values = np.sort(np.random.default_rng(0).exponential(0.1, 4000))
    beyond = jnp.linspace(values[-1], 1.2 * values[-1], 50)

    def worst(guard: float) -> float:
        rates = fit_rates(Density(values, 1000, guard), 4, True, True)
        return float(jnp.abs(remaining_error(beyond, *rates)).max())

    assert 5 * worst(1.25) < worst(1.0)


def test_descent_refuses_a_noisy_task() -> None:
    with pytest.raises(ValueError, match="label_noise = 0.1"):
        descent.gradient_descent(LinearRegression(label_noise=0.1), KEY, steps=2)


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_conjugate_gradient_is_the_best_in_its_krylov_space(double: None, steps: int) -> None:
    prompt = random_prompt(4, 8, 5, 1)
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)
    gram, slope = x.T @ x, x.T @ y
    basis = np.linalg.qr(np.hstack([np.linalg.matrix_power(gram, k) @ slope for k in range(steps)]))[0]
    weights = basis @ np.linalg.solve(basis.T @ gram @ basis, basis.T @ slope)
    ours = solvers.conjugate_gradient(TASK, KEY, steps=steps)(prompt)
    np.testing.assert_allclose(ours, np.asarray(prompt.query) @ weights, rtol=1e-6)


def test_conjugate_gradient_rests_once_it_has_converged(double: None) -> None:
    prompt = random_prompt(5, 4, 3, 1)
    late = solvers.conjugate_gradient(TASK, KEY, steps=30)(prompt)
    exact = solvers.ordinary_least_squares(TASK, KEY)(prompt)
    np.testing.assert_allclose(late, exact, rtol=1e-9)


def test_newton_schulz_leaves_the_powers_of_its_first_error(double: None) -> None:
    prompt, scale = random_prompt(6, 7, 3, 1), 0.002
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)
    gram = x.T @ x
    left = np.linalg.matrix_power(np.eye(3) - scale * gram @ gram, 2**3)
    inverse = np.linalg.solve(gram, np.eye(3) - left)
    ours = solvers.NewtonSchulz(jnp.asarray(scale), 3)(prompt)
    np.testing.assert_allclose(ours, np.asarray(prompt.query) @ inverse @ x.T @ y, rtol=1e-8)


def assert_no_rescaling_is_better(learner: solvers.NewtonSchulz, prompts: tuple[Prompt, jax.Array]) -> None:
    def loss(factor: float) -> float:
        changed = dataclasses.replace(learner, scale=learner.scale * factor)
        return float(jnp.mean((jax.vmap(changed)(prompts[0]) - prompts[1]) ** 2))

    assert loss(1.0) < 1.01 * min(loss(0.8), loss(1.2))


def test_fitted_scales_are_the_best(prompts: tuple[Prompt, jax.Array]) -> None:
    newton = solvers.newton_schulz(TASK, KEY, steps=2).fitted(*prompts)
    assert_no_rescaling_is_better(newton, prompts)


@pytest.mark.parametrize("mirrored", [False, True])
def test_kernel_smoother_matches_a_loop_and_is_fitted(
    prompts: tuple[Prompt, jax.Array], mirrored: bool
) -> None:
    prompt = random_prompt(7, 6, 3, 2)
    weights = np.array([np.exp(1.5 * float(x @ prompt.query)) for x in prompt.x])
    average = sum(w * np.asarray(y) for w, y in zip(weights / weights.sum(), prompt.y, strict=True))
    smoother = smoothers.KernelSmoother(jnp.asarray(1.5), jnp.asarray(2.0))
    np.testing.assert_allclose(smoother(prompt), 2.0 * average, rtol=1e-10)
    fitted = smoothers.kernel_smoother(TASK, KEY, mirrored=mirrored).fitted(*prompts)
    assert (float(fitted.inverse_temperature) < 0) == (float(fitted.scale) < 0) == mirrored

    def loss(temperature: jax.Array, scale: jax.Array) -> jax.Array:
        guess = jax.vmap(smoothers.KernelSmoother(temperature, scale))(prompts[0])
        return jnp.mean((guess - prompts[1]) ** 2)

    slopes = jax.grad(loss, argnums=(0, 1))(fitted.inverse_temperature, fitted.scale)
    assert max(abs(float(slopes[0] * fitted.inverse_temperature)), abs(float(slopes[1]))) < 1e-5


def test_fitted_ridge_finds_the_bayes_penalty(double: None) -> None:
    task = LinearRegression(dimension=3, context_length=6, label_noise=0.3)
    drawn, targets = jax.vmap(task.sample)(jax.random.split(KEY, 40_000))
    drawn = jax.tree.map(lambda a: a.astype(float), drawn)
    fitted = solvers.fitted_ridge(task, KEY).fitted(drawn, targets.astype(float))
    assert float(fitted.penalty) == pytest.approx(0.3**2, rel=0.15)


def test_fixed_ridge_is_not_refitted(prompts: tuple[Prompt, jax.Array]) -> None:
    assert float(solvers.ordinary_least_squares(TASK, KEY).fitted(*prompts).penalty) == 0


@pytest.mark.parametrize("norm", ["l1", "linf"])
def test_rates_of_descent_on_norms_are_the_best(prompts: tuple[Prompt, jax.Array], norm: Any) -> None:
    stored, targets = prompts
    learner = norms.norm_descent(TASK, KEY, norm=norm, steps=2).fitted(stored, targets)

    def loss(factor: float) -> float:
        scaled = dataclasses.replace(learner, rate=factor * learner.rate)
        return float(jnp.mean((jax.vmap(scaled)(stored) - targets) ** 2))

    assert loss(1.0) < min(loss(0.9), loss(1.1), loss(0.0))
    size = float(jnp.sqrt(jnp.mean(stored.y**2)))
    assert float(learner.temperature) == pytest.approx(0.2 * size, rel=0.02)
    assert float(learner.sharpness) == pytest.approx(5 / size if norm == "linf" else 0, rel=0.02)
    tripled = dataclasses.replace(stored, y=3 * stored.y)
    again = norms.norm_descent(TASK, KEY, norm=norm, steps=2).fitted(tripled, 3 * targets)
    np.testing.assert_allclose(jax.vmap(again)(tripled), 3 * jax.vmap(learner)(stored), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("norm", ["l1", "linf"])
def test_unsmoothed_descent_pulls_by_signs_alone(prompts: tuple[Prompt, jax.Array], norm: Any) -> None:
    stored, targets = prompts
    learner = norms.norm_descent(TASK, KEY, norm=norm, steps=1, smooth=False).fitted(stored, targets)
    prompt = jax.tree.map(lambda a: a[0], stored)
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)[:, 0]
    largest = np.arange(len(y)) == np.abs(y).argmax()
    weight = largest if norm == "linf" else np.full(len(y), 1 / len(y))
    step = float(learner.rate) * (weight * np.sign(y)) @ x
    np.testing.assert_allclose(learner(prompt), [step @ prompt.query], rtol=1e-5)
    assert float(learner.rate) > 0.1
