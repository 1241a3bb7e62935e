"""Descent as layers of attention against descent itself."""

import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.descent import Fit, GradientDescent, GradientDescentPlusPlus
from icgd.constructions.descent_layers import descent_stack, looped_descent
from tests.prompts import random_prompt

FIT = Fit(per_step=True, curvature=True, guard=1.0)


def plus_plus(rates: list[float], shrinkages: list[float]) -> GradientDescentPlusPlus:
    return GradientDescentPlusPlus(jnp.array(rates), jnp.array(shrinkages), 4, FIT)


def test_a_layer_per_step_takes_the_steps_of_gd_plus_plus(double: None) -> None:
    prompt = random_prompt(0, 4, 3, 2)
    descent = plus_plus([0.5, 0.7, 0.2], [0.3, 0.1, 0.4])
    np.testing.assert_allclose(
        descent_stack(descent, (3, 2)).trajectory(prompt), descent.trajectory(prompt), atol=1e-13
    )


def test_one_layer_repeated_is_descent_with_shared_rates(double: None) -> None:
    prompt = random_prompt(1, 4, 3, 1)
    descent = plus_plus([0.5, 0.5], [0.3, 0.3])
    looped = looped_descent(descent, (3, 1))
    assert (len(looped.layers), looped.repeats) == (1, 2)
    np.testing.assert_allclose(looped.trajectory(prompt), descent.trajectory(prompt), atol=1e-13)
    plain = GradientDescent(jnp.array([0.5, 0.5]), 4)
    np.testing.assert_allclose(
        looped_descent(plain, (3, 1)).trajectory(prompt), plain.trajectory(prompt), atol=1e-13
    )


def test_layers_have_no_rate_on_the_mean_and_no_start() -> None:
    with pytest.raises(ValueError, match="the normaliser None and no start"):
        descent_stack(GradientDescent(jnp.ones(1)), (3, 1))
    with pytest.raises(ValueError, match="a start"):
        descent_stack(GradientDescent(jnp.ones(1), 4, jnp.zeros((1, 3))), (3, 1))
