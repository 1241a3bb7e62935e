"""Losses given by their derivative."""

from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.objectives.losses import GRID, HELD_OUT, ODD, TRAINED, Family, descend_loss, drawn, rho
from tests.objectives.test_dial import KEY, prompts


@pytest.mark.parametrize("family", get_args(Family))
def test_losses_are_of_one_size_and_odd_if_they_are_said_to_be(double: None, family: Family) -> None:
    psi = drawn(family, KEY)
    values = np.asarray(psi(jnp.asarray(GRID)))
    assert np.sqrt(np.mean(values**2)) == pytest.approx(1, rel=1e-4)
    away = np.abs(GRID) > 1e-6
    assert np.allclose(values[away], -values[::-1][away], atol=1e-6) == (family in ODD)


@pytest.mark.parametrize("family", TRAINED)
def test_losses_of_training_are_monotone_and_differ_from_prompt_to_prompt(
    double: None, family: Family
) -> None:
    one, other = (np.asarray(drawn(family, jax.random.key(seed))(jnp.asarray(GRID))) for seed in (0, 1))
    assert np.all(np.diff(one) >= -1e-6)
    assert np.abs(one - other).max() > 0.05


def test_held_out_losses_are_the_others() -> None:
    assert set(TRAINED).isdisjoint(HELD_OUT)
    assert {*TRAINED, *HELD_OUT} == set(get_args(Family))
    psi = drawn("welsch", KEY)
    assert float(psi(jnp.asarray(4.0))) < float(psi(jnp.asarray(1.5)))  # it falls again


def test_the_loss_is_the_integral_of_its_derivative(double: None) -> None:
    r = jnp.array([-2.0, 0.0, 1.5])
    np.testing.assert_allclose(rho(lambda r: r, r), r**2 / 2, atol=1e-6)
    np.testing.assert_allclose(rho(jnp.tanh, r), jnp.log(jnp.cosh(r)), atol=1e-5)


def test_descent_on_a_loss_matches_a_loop_and_ignores_its_size(double: None) -> None:
    stored = prompts(1)
    x, y = stored.x[0], stored.y[0, :, 0]
    rates = jnp.array([1.0, 0.5])
    found = descend_loss(x, y, jnp.tanh, rates)
    weights = np.zeros(3)
    for step, rate in enumerate((1.0, 0.5)):
        left = y - x @ weights
        size = np.sqrt(np.mean(np.tanh(left) ** 2) / np.mean(left**2))
        weights = weights + rate / size * np.tanh(left) @ x / 6
        np.testing.assert_allclose(found[step], weights, rtol=1e-6)
    np.testing.assert_allclose(descend_loss(x, y, lambda r: 5 * jnp.tanh(r), rates), found, rtol=1e-9)


@pytest.mark.parametrize("family", get_args(Family))
def test_no_step_is_longer_than_one_of_l2_descent_can_be(double: None, family: Family) -> None:
    stored, rates = prompts(1), jnp.array([1.2, 0.8, 0.6])
    x, y = stored.x[0], 30 * stored.y[0, :, 0]  # far out, where steep losses diverge at a fixed rate
    before = jnp.zeros(3)
    for rate, after in zip(rates, descend_loss(x, y, drawn(family, KEY), rates), strict=True):
        size = jnp.sqrt(jnp.mean((y - x @ before) ** 2)) * jnp.linalg.norm(x, 2) / np.sqrt(len(y))
        assert 0 < float(jnp.linalg.norm(after - before)) <= float(rate * size)
        before = after
