"""Exact fits by splitting against linear programs."""

import jax
import numpy as np
import pytest

from icgd.algorithms.objective_descent import fit
from icgd.objectives.splitting import exact_weights
from icgd.tasks.objective_regression import ObjectiveRegression
from tests.objectives.test_dial import KEY


@pytest.mark.parametrize(("n", "d"), [(12, 5), (8, 5), (24, 5)])
def test_splitting_finds_the_exact_fits(n: int, d: int) -> None:
    task = ObjectiveRegression(dimension=d, context_length=n, noise_scale=1.0)
    stored, _ = jax.vmap(task.sample)(jax.random.split(KEY, 100))
    found = np.asarray(jax.jit(jax.vmap(exact_weights))(stored.x, stored.y[..., 0]), float)
    x, y = np.asarray(stored.x, float), np.asarray(stored.y[..., 0], float)
    for index, largest in ((0, False), (2, True)):
        exact = np.stack([fit(a, b, largest) for a, b in zip(x, y, strict=True)])
        error = np.mean((found[:, index] - exact) ** 2) / np.mean(exact**2)
        least = np.mean((found[:, 1] - exact) ** 2) / np.mean(exact**2)
        assert error < 0.005
        assert error < 0.1 * least
    squares = np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(x, y, strict=True)])
    np.testing.assert_allclose(found[:, 1], squares, atol=1e-3)
