"""Algorithms on every prefix against themselves on shorter prompts."""

import jax
import jax.numpy as jnp
import numpy as np

from icgd.algorithms.descent import Fit, GradientDescentPlusPlus
from icgd.algorithms.every_prefix import EveryPrefix, prefix_descent, prefix_least_squares, prefix_ridge
from icgd.algorithms.least_squares import Ridge
from icgd.prompt import Prompt
from icgd.tasks.regression_sequences import RegressionSequences, following
from tests.prompts import answers_of, drawn_from, random_prompt

KEY = jax.random.key(0)
TASK = RegressionSequences(dimension=3, context_length=6)


def alone(prompt: Prompt, n: int) -> Prompt:
    return Prompt(prompt.x[:n], prompt.y[:n], following(prompt)[n - 1])


def test_later_examples_do_not_count(double: None) -> None:
    prompt = random_prompt(0, 6, 3, 2)
    step = GradientDescentPlusPlus(jnp.array([0.9, 0.5]), jnp.array([0.2, 0.0]), 6, Fit(True, True, 1.0))
    for learner in (step, Ridge(jnp.asarray(0.3))):
        found = EveryPrefix(learner).trajectory(prompt)
        for n in range(1, 7):
            expected = learner.trajectory(alone(prompt, n))
            np.testing.assert_allclose(found[:, n - 1], expected, rtol=1e-8)


def test_least_squares_is_that_of_minimum_norm(double: None) -> None:
    prompt = random_prompt(1, 6, 3, 1)
    found = prefix_least_squares(TASK, KEY)(prompt)
    for n in range(1, 7):
        x, y, query = (np.asarray(a) for a in vars(alone(prompt, n)).values() if a is not None)
        weights = np.linalg.lstsq(x, y, rcond=None)[0]
        np.testing.assert_allclose(found[n - 1], query @ weights, rtol=1e-5)


def test_one_rate_serves_all_prefixes_best(double: None) -> None:
    prompts, targets = drawn_from(TASK, KEY, 2000)
    prompts = jax.tree.map(lambda a: a.astype(float), prompts)
    fitted = prefix_descent(TASK, KEY, steps=1).fitted(prompts, targets).learner
    assert isinstance(fitted, GradientDescentPlusPlus)

    def loss(factor: float) -> float:
        step = EveryPrefix(
            GradientDescentPlusPlus(factor * fitted.learning_rates, fitted.shrinkages, 6, fitted.fit)
        )
        return float(jnp.mean((answers_of(step, prompts) - targets) ** 2))

    assert loss(1.0) < min(loss(0.93), loss(1.07))


def test_ridge_without_noise_has_the_least_penalty_of_the_search(double: None) -> None:
    prompts, targets = drawn_from(TASK, KEY, 100)
    fitted = prefix_ridge(TASK, KEY).fitted(prompts, targets).learner
    assert isinstance(fitted, Ridge)
    assert float(fitted.penalty) < 1.2e-4
