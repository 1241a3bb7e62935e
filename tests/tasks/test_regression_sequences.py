"""Sequences of examples: targets after each, and their loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.tasks.linear_regression import LinearRegression
from icgd.tasks.regression_sequences import RegressionSequences, following
from tests.prompts import random_prompt


def test_prompts_are_those_of_the_linear_task_and_targets_the_labels_that_follow() -> None:
    options = {"dimension": 3, "context_length": 5, "outputs": 2}
    key = jax.random.key(0)
    prompt, targets = RegressionSequences(**options).sample(key)  # type: ignore[arg-type]
    same, last = LinearRegression(**options).sample(key)  # type: ignore[arg-type]
    np.testing.assert_array_equal(prompt.x, same.x)
    np.testing.assert_array_equal(targets, np.vstack([same.y[1:], last]))


def test_a_target_belongs_to_the_input_that_follows() -> None:
    prompt, targets = RegressionSequences(dimension=2, context_length=6).sample(jax.random.key(1))
    weights = np.linalg.lstsq(np.asarray(prompt.x), np.asarray(prompt.y), rcond=None)[0]
    np.testing.assert_allclose(following(prompt) @ weights, targets, atol=1e-5)


def test_loss_is_the_mean_over_positions() -> None:
    task = RegressionSequences(dimension=1, context_length=2, outputs=2)
    prediction, target = jnp.zeros((2, 2)), jnp.array([[1.0, 1.0], [2.0, 0.0]])
    assert float(task.loss(prediction, target)) == pytest.approx(0.5 * (2 + 4) / 2)


def test_following_inputs_end_with_the_query() -> None:
    prompt = random_prompt(0, 3, 2, 1)
    np.testing.assert_array_equal(following(prompt), np.vstack([prompt.x[1:], prompt.query]))
