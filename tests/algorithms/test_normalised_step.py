"""The step on normalised losses: its closed form, and where it has none."""

import jax
import jax.numpy as jnp
import pytest

from icgd.algorithms.descent import normalised_step
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import normalised_step_loss
from tests.prompts import drawn_from

KEY = jax.random.key(0)


def test_loss_of_the_normalised_step_is_the_closed_form(double: None) -> None:
    task = LinearRegression(dimension=5, context_length=8, inputs="normal")
    stored, targets = drawn_from(task, KEY, 200_000)
    found = jax.vmap(normalised_step(task, KEY))(stored)
    loss = 0.5 * float(jnp.mean((found - targets) ** 2))
    assert loss == pytest.approx(normalised_step_loss(task), rel=0.02)


def test_normalised_step_is_refused_where_it_has_no_formula() -> None:
    with pytest.raises(ValueError, match="symmetric inputs"):
        normalised_step(LinearRegression(inputs="exponential"), KEY)
