"""Closed forms of losses of one step against sampling."""

import jax
import jax.numpy as jnp
import pytest

from icgd.algorithms.descent import GradientDescent
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import gradient_step_loss, optimal_learning_rate, trivial_loss
from tests.prompts import answers_of, drawn_from

KEY = jax.random.key(0)

SHIFTS: list[dict[str, object]] = [
    {},
    {"dimension": 3, "context_length": 7, "outputs": 2},
    {"inputs": "normal"},
    {"inputs": "laplace"},
    {"inputs": "norm_matched"},
    {"input_scale": 1.5, "weight_scale": 2.0},
    {"label_noise": 0.5},
    {"corrupted_labels": 4},
]


@pytest.mark.parametrize("options", SHIFTS)
def test_closed_form_matches_sampling(double: None, options: dict[str, object]) -> None:
    task = LinearRegression(**options)  # type: ignore[arg-type]
    prompts, targets = drawn_from(task, KEY, 60_000)
    rate = optimal_learning_rate(task)
    step = GradientDescent(jnp.asarray(rate)[None])
    losses = 0.5 * jnp.sum((answers_of(step, prompts) - targets) ** 2, axis=-1)
    error = float(jnp.std(losses)) / 60_000**0.5
    assert abs(float(losses.mean()) - gradient_step_loss(task, rate)) < 4.5 * error
    assert gradient_step_loss(task, rate) < min(gradient_step_loss(task, rate * f) for f in (0.99, 1.01))


def test_paper_constants() -> None:
    task = LinearRegression()
    assert optimal_learning_rate(task) == pytest.approx(12 / 1.98)
    assert gradient_step_loss(task, optimal_learning_rate(task)) == pytest.approx(10 / 24 * (1 - 1 / 1.98))
    assert trivial_loss(task) == pytest.approx(10 / 24)
