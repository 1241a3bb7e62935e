"""Solvers of least squares, with and without penalty, against dense oracles."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms import least_squares as solvers
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from tests.prompts import answers_of, drawn_from, random_prompt

KEY = jax.random.key(0)
TASK = LinearRegression(dimension=4, context_length=6)


@pytest.mark.parametrize(("n", "d"), [(4, 7), (7, 7), (9, 4)])
def test_least_squares_matches_numpy(double: None, n: int, d: int) -> None:
    prompt = random_prompt(3, n, d, 2)
    weights = np.linalg.lstsq(np.asarray(prompt.x), np.asarray(prompt.y), rcond=None)[0]
    ours = solvers.ordinary_least_squares(LinearRegression(), KEY)(prompt)
    np.testing.assert_allclose(ours, np.asarray(prompt.query) @ weights, rtol=1e-6)


@pytest.mark.parametrize("n", [3, 8])
def test_ridge_solves_its_normal_equations(double: None, n: int) -> None:
    prompt, penalty = random_prompt(4, n, 5, 1), 0.7
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)
    weights = np.linalg.solve(x.T @ x + penalty * np.eye(5), x.T @ y)
    ours = solvers.Ridge(jnp.asarray(penalty))(prompt)
    np.testing.assert_allclose(ours, np.asarray(prompt.query) @ weights, rtol=1e-9)


def test_bayes_ridge_is_best_among_penalties(double: None) -> None:
    task = LinearRegression(dimension=3, context_length=6, label_noise=0.3, weight_scale=1.5)
    prompts, targets = drawn_from(task, KEY, 40_000)
    best = solvers.bayes_ridge(task, KEY)

    def loss(penalty: float) -> float:
        return float(jnp.mean((jax.vmap(solvers.Ridge(jnp.asarray(penalty)))(prompts) - targets) ** 2))

    assert float(best.penalty) == pytest.approx(0.3**2 / 1.5**2)
    assert loss(float(best.penalty)) < min(loss(float(best.penalty) * f) for f in (0.3, 3.0))


def test_jacobi_rate_is_the_least_squares_one(double: None) -> None:
    task = LinearRegression(dimension=4, context_length=6)
    prompts, targets = drawn_from(task, KEY, 2000)
    fitted = solvers.jacobi_step(task, KEY).fitted(prompts, targets)

    def loss(rate: jax.Array) -> jax.Array:
        return jnp.mean((jax.vmap(solvers.JacobiStep(rate))(prompts) - targets) ** 2)

    assert abs(float(jax.grad(loss)(fitted.learning_rate))) < 1e-10


def test_fitted_ridge_finds_the_bayes_penalty(double: None) -> None:
    task = LinearRegression(dimension=3, context_length=6, label_noise=0.3)
    drawn, targets = drawn_from(task, KEY, 40_000)
    drawn = jax.tree.map(lambda a: a.astype(float), drawn)
    fitted = solvers.fitted_ridge(task, KEY).fitted(drawn, targets.astype(float))
    assert float(fitted.penalty) == pytest.approx(0.3**2, rel=0.15)


def test_fixed_ridge_is_not_refitted(prompts: tuple[Prompt, jax.Array]) -> None:
    assert float(solvers.ordinary_least_squares(TASK, KEY).fitted(*prompts).penalty) == 0


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
        return float(jnp.mean((answers_of(changed, prompts[0]) - prompts[1]) ** 2))

    assert loss(1.0) < 1.01 * min(loss(0.8), loss(1.2))


def test_fitted_scales_are_the_best(prompts: tuple[Prompt, jax.Array]) -> None:
    newton = solvers.newton_schulz(TASK, KEY, steps=2).fitted(*prompts)
    assert_no_rescaling_is_better(newton, prompts)
