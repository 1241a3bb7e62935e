"""Descent on the objectives against loops, and its limits."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.objectives.dial import OBJECTIVES, Dial, descend, value
from icgd.prompt import Prompt
from icgd.tasks.objective_regression import ObjectiveRegression
from tests.prompts import drawn_from

KEY = jax.random.key(0)
TASK = ObjectiveRegression(
    dimension=3,
    context_length=6,
    steps=3,
    l1_rate=0.5,
    l1_decay=1.0,
    l2_rate=0.5,
    l2_decay=1.0,
    linf_rate=0.5,
    linf_decay=1.0,
    linf_temperature=0.2,
)
"""Three steps at constant rates."""


def prompts(count: int, task: ObjectiveRegression = TASK) -> Prompt:
    drawn, _ = drawn_from(task, KEY, count)
    return jax.tree.map(lambda a: a.astype(float), drawn)


def looped(x: np.ndarray, y: np.ndarray, objective: str, rate: float, steps: int) -> np.ndarray:
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        residual = y - x @ weights
        pull = residual if objective == "l2" else np.tanh(residual / 0.2)
        share = np.exp(5 * np.abs(residual)) if objective == "linf" else np.ones(len(y))
        weights = weights + rate * (share / share.sum() * pull) @ x
    return weights


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_descent_matches_loops_and_lowers_its_objective(double: None, objective: str) -> None:
    stored = prompts(5)
    task = dataclasses.replace(TASK, l1_rate=0.3, l2_rate=0.3, linf_rate=0.1)
    for x, y in zip(stored.x, stored.y[..., 0], strict=True):
        found = descend(x, y, task.dial(objective))[-1]
        rate = {"l1": 0.3, "l2": 0.3, "linf": 0.1}[objective]
        np.testing.assert_allclose(
            found, looped(np.asarray(x), np.asarray(y), objective, rate, 3), rtol=1e-12
        )
        assert value(x, y, found, objective) < value(x, y, jnp.zeros(3), objective)


def test_limits_take_signs_and_the_largest_residual(double: None) -> None:
    x, y = jnp.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), jnp.array([1.0, -3.0, 0.0])
    signs = descend(x, y, Dial(jnp.array([0.3]), jnp.zeros(1), jnp.zeros(1)))[0]
    np.testing.assert_allclose(signs, [0.1, -0.1])
    worst = descend(x, y, Dial(jnp.array([0.3]), jnp.zeros(1), jnp.array([jnp.inf])))[0]
    np.testing.assert_allclose(worst, [0.0, -0.3])
