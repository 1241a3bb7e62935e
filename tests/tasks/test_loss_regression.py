"""Prompts whose loss is data."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.objectives.losses import descend_loss
from icgd.tasks.loss_regression import LossRegression

KEY = jax.random.key(3)
TASK = LossRegression(dimension=2, context_length=5, pairs=4, steps=2)


def test_pairs_are_of_the_psi_that_is_descended_on(double: None) -> None:
    prompt, target = TASK.sample(KEY)
    examples_key, psi_key, _ = jax.random.split(KEY, 3)
    psi, (x, y) = TASK.psi(psi_key), TASK.examples(examples_key)
    assert prompt.objective is not None
    r, told = prompt.objective.reshape(-1, 2).T
    np.testing.assert_allclose(told, psi(r), rtol=1e-5)
    np.testing.assert_array_equal(prompt.x, x)
    np.testing.assert_array_equal(prompt.query, jnp.eye(2))
    np.testing.assert_allclose(target[:, 0], descend_loss(x, y, psi, TASK.rates())[-1], rtol=1e-5)
    assert float(TASK.loss(target + 2, target)) == 2.0


def test_prompts_of_training_have_losses_of_three_families(double: None) -> None:
    """Some are flat far out, and some are not."""
    r = jnp.array([0.3, 1.0, 3.0])
    psi_keys = jax.random.split(KEY, 60)
    flat = sum(bool(TASK.psi(key)(r)[2] < 1.001 * TASK.psi(key)(r)[1]) for key in psi_keys)
    assert 0 < flat < 60


def test_the_objective_itself_is_the_mean_loss_over_that_of_zero(double: None) -> None:
    task = dataclasses.replace(TASK, target="objective", family="l3")
    prompt, target = task.sample(KEY)
    np.testing.assert_array_equal(prompt.query, prompt.x)
    y = np.asarray(prompt.y[:, 0])
    assert float(task.loss(jnp.zeros((5, 1)), target)) == pytest.approx(1)
    known = np.mean(np.abs(0.5 * y) ** 3) / np.mean(np.abs(y) ** 3)  # ρ of ψ = r² sign(r) is |r|³/3
    assert float(task.loss(0.5 * prompt.y, target)) == pytest.approx(known, rel=0.1)  # linear between points


@pytest.mark.parametrize("family", ["welsch", "quantile_high"])
def test_a_loss_that_is_not_odd_and_monotone_is_no_objective(family: Any) -> None:
    dataclasses.replace(TASK, family=family)
    with pytest.raises(
        ValueError, match=f"family is '{family}'.*not odd and monotone.*one of trained, huber"
    ):
        dataclasses.replace(TASK, family=family, target="objective")
