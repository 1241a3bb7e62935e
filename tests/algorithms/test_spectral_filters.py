"""Algorithms that act by eigenvalue, against the iterations that they stand for, in numpy."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms import least_squares, newton, semi_iterations, spectral_filters, stepwise_descent
from icgd.algorithms.rate_fits import fit_rates, remaining_error, spectral_density
from icgd.algorithms.spectral_filters import SpectralFilter, log_loss, spectrum
from icgd.prompt import Prompt
from tests.algorithms.conftest import KEY, TASK
from tests.prompts import answers_of, random_prompt

Iteration = Callable[[np.ndarray, np.ndarray], np.ndarray]


def averaged(gram: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Five steps with rate 0.05, the mean of all iterates."""
    w, seen = np.zeros_like(slope), []
    for _ in range(5):
        w = w + 0.05 * (slope - gram @ w)
        seen.append(w)
    return np.mean(seen, axis=0)


def heavy_ball(gram: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Five steps with rate 0.05 and memory 0.4."""
    w, before = np.zeros_like(slope), np.zeros_like(slope)
    for _ in range(5):
        w, before = w + 0.05 * (slope - gram @ w) + 0.4 * (w - before), w
    return w


def chebyshev(gram: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Four gradient steps whose rates are one over the roots of Chebyshev's polynomial on [0.5, 20]."""
    w = np.zeros_like(slope)
    for k in range(4):
        w = w + (slope - gram @ w) / (10.25 + 9.75 * np.cos(np.pi * (k + 0.5) / 4))
    return w


def newton_from(start: Callable[[np.ndarray], np.ndarray]) -> Iteration:
    def iterate(gram: np.ndarray, slope: np.ndarray) -> np.ndarray:
        inverse = start(gram)
        for _ in range(4):
            inverse = inverse @ (2 * np.eye(len(gram)) - gram @ inverse)
        return inverse @ slope

    return iterate


def plus_plus(gram: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Three steps of GD++ by what they do to the weights' error, E ← E(I − ηA), A ← A(I − γA)²."""
    error, moment = np.eye(len(gram)), gram
    for rate, shrinkage in ((0.05, 0.02), (0.1, 0.04), (0.2, 0.0)):
        step = np.eye(len(gram)) - shrinkage * moment
        error, moment = error @ (np.eye(len(gram)) - rate * moment), moment @ step @ step
    return (np.eye(len(gram)) - error) @ np.linalg.pinv(gram) @ slope


def numbers(*values: float) -> tuple[jax.Array, ...]:
    return tuple(jnp.asarray(value) for value in values)


def stepwise(*rates: tuple[float, float]) -> stepwise_descent.StepwiseDescent:
    whole = np.zeros((2, stepwise_descent.DEEPEST))
    whole[:, : len(rates)] = np.transpose(rates)
    return stepwise_descent.StepwiseDescent(*map(jnp.asarray, whole))


def cases() -> dict[str, tuple[SpectralFilter, Iteration]]:
    return {
        "ridge": (
            spectral_filters.RidgeFilter(*numbers(0.3)),
            lambda g, s: np.linalg.solve(g + 0.3 * np.eye(4), s),
        ),
        "averaged": (semi_iterations.AveragedDescent(*numbers(5.0, 0.05)), averaged),
        "momentum": (semi_iterations.Momentum(*numbers(5.0, 0.05, 0.4)), heavy_ball),
        "chebyshev": (semi_iterations.Chebyshev(*numbers(4.0, 0.5, 20.0)), chebyshev),
        "newton, identity": (
            newton.NewtonInverse(*numbers(0.04, 4.0, 1.0)),
            newton_from(lambda g: 0.04 * np.eye(len(g))),
        ),
        "newton, gram": (newton.NewtonInverse(*numbers(0.002, 4.0, 2.0)), newton_from(lambda g: 0.002 * g)),
        "stepwise": (stepwise((0.05, 0.02), (0.1, 0.04), (0.2, 0.0)), plus_plus),
    }


@pytest.mark.parametrize(
    "name", ["ridge", "averaged", "momentum", "chebyshev", "newton, identity", "newton, gram", "stepwise"]
)
@pytest.mark.parametrize("n", [3, 7])
def test_filters_are_their_iterations(double: None, name: str, n: int) -> None:
    """With fewer examples than inputs, too, where an eigenvalue vanishes."""
    prompt = random_prompt(n, n, 4, 2)
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)
    found, iterate = cases()[name]
    expected = np.asarray(prompt.query) @ iterate(x.T @ x, x.T @ y)
    np.testing.assert_allclose(found(prompt), expected, rtol=1e-9, atol=1e-12)


def test_newton_from_the_identity_is_gradient_descent(double: None) -> None:
    values = jnp.linspace(0.1, 3.0, 7)
    found = newton.NewtonInverse(*numbers(0.3, 3.0, 1.0)).response(values)
    np.testing.assert_allclose(found, 1 - remaining_error(values, jnp.full(8, 0.3), jnp.zeros(8)), rtol=1e-12)


def fitted(prompts: tuple[Prompt, jax.Array]) -> dict[str, SpectralFilter]:
    made: dict[str, Any] = {
        "averaged": semi_iterations.averaged_descent(TASK, KEY, steps=5),
        "momentum": semi_iterations.momentum(TASK, KEY, steps=5),
        "chebyshev": semi_iterations.chebyshev(TASK, KEY, steps=5),
        "identity": newton.newton(TASK, KEY, steps=4, start="identity"),
        "gram": newton.newton(TASK, KEY, steps=4, start="gram"),
    }
    return {name: one.fitted(*prompts) for name, one in made.items()}


def test_fitted_parameters_are_the_best_for_the_prompts(prompts: tuple[Prompt, jax.Array]) -> None:
    """No change of a parameter lowers the loss, which is that of the predictions."""
    nodes = spectrum(prompts[0])
    found = fitted(prompts)
    free = {
        "averaged": ["rate"],
        "momentum": ["rate", "memory"],
        "chebyshev": ["low", "high"],
        "identity": ["scale"],
    }
    for name, one in found.items():
        best = log_loss(one, nodes)
        for field in free.get(name, ["scale"]):
            for factor in (0.9, 0.99, 1.01, 1.1):
                changed = dataclasses.replace(one, **{field: factor * getattr(one, field)})
                assert log_loss(changed, nodes) > best - 1e-6, (name, field, factor)
        loss = float(jnp.mean((answers_of(one, prompts[0]) - prompts[1]) ** 2))
        assert loss == pytest.approx(np.exp(best) * TASK.input_variance, rel=0.1), name
    assert max(log_loss(found[name], nodes) for name in ("chebyshev", "momentum")) < log_loss(
        found["averaged"], nodes
    )


def test_stepwise_rates_are_as_good_as_those_of_the_other_search(prompts: tuple[Prompt, jax.Array]) -> None:
    nodes = spectrum(prompts[0])
    density = spectral_density(prompts[0].x, TASK.context_length, 1.25)
    losses = []
    for steps in (1, 2, 3, 4):
        found = stepwise_descent.stepwise_descent(TASK, KEY, steps=steps).fitted(*prompts)
        assert [int(np.sum(np.asarray(part) > 0)) for part in (found.learning_rates, found.shrinkages)] == [
            steps,
            steps - 1,
        ]
        losses.append(log_loss(found, nodes))
    other = fit_rates(density, 3, True, True) / TASK.context_length
    theirs = log_loss(stepwise(*((float(rate), float(shrinkage)) for rate, shrinkage in other.T)), nodes)
    assert losses[2] < theirs + 0.01
    assert losses == sorted(losses, reverse=True)


def test_a_long_start_is_stable(double: None) -> None:
    """Up to the eigenvalue that is given, what is left of the error is at most what the bound says."""
    values = jnp.geomspace(1e-4, 5.0, 2000)
    rates, shrinkages = jnp.exp(jnp.asarray(stepwise_descent.stable_start(5.0, 7)))
    left = np.asarray(remaining_error(values, rates, shrinkages)) ** 2
    assert (left <= np.minimum(1.0, 5.0 / 9.0**7 / values) * (1 + 1e-6)).all()
    assert remaining_error(jnp.array([5.5]), rates, shrinkages)[0] ** 2 > 1


def test_a_ridge_filter_is_ridge(double: None) -> None:
    prompt = random_prompt(3, 9, 4, 1)
    ours = spectral_filters.ridge(TASK, KEY, penalty=0.2)(prompt)
    np.testing.assert_allclose(ours, least_squares.Ridge(jnp.asarray(0.2))(prompt), rtol=1e-9)
