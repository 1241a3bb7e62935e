"""Multi-step descent against dense transcriptions."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms import descent
from icgd.algorithms.rate_fits import remaining_error
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate
from tests.algorithms.conftest import KEY, TASK
from tests.prompts import random_prompt


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


def test_descent_refuses_a_noisy_task() -> None:
    with pytest.raises(ValueError, match="label_noise = 0.1"):
        descent.gradient_descent(LinearRegression(label_noise=0.1), KEY, steps=2)
