"""Fitted rates of multi-step descent: no others are better."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms import descent
from icgd.algorithms.rate_fits import Density, fit_rates, remaining_error, spectral_density
from icgd.prompt import Prompt
from tests.algorithms.conftest import KEY, TASK


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
