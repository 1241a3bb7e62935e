"""Exact fits against all vertices, and descent as a learner."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.objective_descent import ObjectiveDescent, exact_fit, fit, objective_descent
from icgd.objectives.dial import OBJECTIVES, Objective
from icgd.prompt import Prompt
from tests.objectives.test_dial import KEY, TASK, prompts
from tests.prompts import answers_of


@pytest.mark.parametrize("largest", [False, True])
def test_exact_fits_are_the_best_vertices(largest: bool) -> None:
    """The L1 fit passes through d examples; the L∞ fit has d + 1 residuals of the largest size."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(7, 2)), generator.normal(size=7)
    best = np.inf
    for rows in itertools.combinations(range(7), 3 if largest else 2):
        for signs in itertools.product([1, -1], repeat=len(rows)):
            chosen = x[list(rows)]
            if largest:
                matrix = np.column_stack([chosen, signs])
                weights = np.linalg.solve(matrix, y[list(rows)])[:2]
            else:
                weights = np.linalg.solve(chosen, y[list(rows)])
            size = np.abs(y - x @ weights)
            best = min(best, float(size.max() if largest else size.sum()))
    size = np.abs(y - x @ fit(x, y, largest))
    assert (size.max() if largest else size.sum()) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_exact_fits_are_learners_with_sensitivities(double: None, objective: Objective) -> None:
    stored, learner = prompts(3), exact_fit(TASK, KEY, objective=objective)

    def predicted(query: jax.Array, prompt: Prompt) -> jax.Array:
        return learner(dataclasses.replace(prompt, query=query))

    slopes = jax.vmap(jax.jacobian(predicted))(stored.query, stored)
    np.testing.assert_allclose(jnp.einsum("pmd,pd->pm", slopes, stored.query), answers_of(learner, stored))


def test_descent_keeps_its_dials() -> None:
    learner = objective_descent(TASK, KEY, objective="linf", smooth=False)
    assert isinstance(learner, ObjectiveDescent)
    assert float(learner.dials().sharpness[0]) == np.inf
    assert float(learner.dials().temperature[0]) == 0
