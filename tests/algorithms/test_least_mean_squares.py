"""One pass over the examples: the rule in numpy, and its best rate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.least_mean_squares import LeastMeanSquares, least_mean_squares
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from tests.algorithms.conftest import KEY, TASK
from tests.prompts import random_prompt


def test_examples_are_used_once_in_their_order(double: None) -> None:
    prompt = random_prompt(2, 5, 3, 2)
    weights, seen = np.zeros((2, 3)), []
    for x, y in zip(np.asarray(prompt.x), np.asarray(prompt.y), strict=True):
        weights = weights + 0.3 * np.outer(y - weights @ x, x)
        seen.append(weights @ np.asarray(prompt.query))
    found = LeastMeanSquares(jnp.asarray(0.3)).trajectory(prompt)
    np.testing.assert_allclose(found, seen, rtol=1e-10)


def test_the_rate_is_the_best(prompts: tuple[Prompt, jax.Array]) -> None:
    best = least_mean_squares(TASK, KEY)

    def loss(rate: float) -> float:
        return float(jnp.mean((jax.vmap(LeastMeanSquares(jnp.asarray(rate)))(prompts[0]) - prompts[1]) ** 2))

    rate = float(best.learning_rate)
    assert loss(rate) < min(loss(0.85 * rate), loss(1.15 * rate))
    # An example leaves 1 − dσ⁴/(E‖x‖⁴/d) of the error's square, from TASK's d = 4 on 6 examples.
    left = (1 - 1 / (9 / 5 + 3)) ** 6
    assert loss(rate) == pytest.approx(4 / 12 * left, rel=0.05)


def test_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="label_noise = 0.1"):
        least_mean_squares(LinearRegression(label_noise=0.1), KEY)
