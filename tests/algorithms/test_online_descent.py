"""Descent in causal order against loops over examples, its fixed point, and the fits."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.online_descent import (
    OnePass,
    OnlineDescent,
    least_mean_squares,
    online_descent,
)
from icgd.prompt import Prompt
from icgd.tasks.regression_sequences import RegressionSequences, following
from tests.prompts import answers_of, drawn_from, random_prompt

KEY = jax.random.key(0)
TASK = RegressionSequences(dimension=3, context_length=6)


def own_weights(prompt: Prompt, rates: list[float], strict: bool) -> np.ndarray:
    """Every example's own W_j, moved on the examples that it sees; W of all n examples predicts."""
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)
    n, shape = len(x), (y.shape[1], x.shape[1])
    own, asked = [np.zeros(shape) for _ in x], [np.zeros(shape) for _ in x]
    for rate in rates:
        slopes = [np.outer(y[i] - own[i] @ x[i], x[i]) for i in range(n)]
        asked = [asked[j] + rate * sum(slopes[: j + 1], np.zeros(shape)) for j in range(n)]
        seen = 0 if strict else 1
        own = [own[j] + rate * sum(slopes[: j + seen], np.zeros(shape)) for j in range(n)]
    return np.stack([w @ q for w, q in zip(asked, np.asarray(following(prompt)), strict=True)])


@pytest.mark.parametrize("strict", [False, True])
def test_each_example_has_weights_of_its_own(double: None, strict: bool) -> None:
    prompt, rates = random_prompt(0, 5, 3, 2), [0.3, 0.1, 0.2]
    ours = OnlineDescent(jnp.array(rates), jnp.zeros(3), strict)
    np.testing.assert_allclose(ours(prompt), own_weights(prompt, rates, strict), rtol=1e-9)


def test_inputs_shrink_by_the_covariance_seen(double: None) -> None:
    prompt = random_prompt(1, 4, 2, 1)
    x, y, q = (np.asarray(a) for a in (prompt.x, prompt.y, following(prompt)))
    first, second, shrinkage = 0.2, 0.5, 0.3
    r, moved, asked = y.copy(), x.copy(), q.copy()
    for j in range(4):
        s, c = y[: j + 1].T @ x[: j + 1], x[: j + 1].T @ x[: j + 1]
        r[j], moved[j], asked[j] = (
            y[j] - first * s @ x[j],
            x[j] - shrinkage * c @ x[j],
            q[j] - shrinkage * c @ q[j],
        )
    expected = np.stack(
        [
            first * y[: j + 1].T @ x[: j + 1] @ q[j] + second * r[: j + 1].T @ moved[: j + 1] @ asked[j]
            for j in range(4)
        ]
    )
    ours = OnlineDescent(jnp.array([first, second]), jnp.array([shrinkage, 0.7]))
    np.testing.assert_allclose(ours(prompt), expected, rtol=1e-9)


def test_many_steps_end_in_one_pass_of_projections(double: None) -> None:
    prompt = random_prompt(2, 5, 3, 2)
    prompt = dataclasses.replace(prompt, x=prompt.x / jnp.linalg.norm(prompt.x, axis=1, keepdims=True))
    weights, expected = np.zeros((2, 3)), []
    for x, y, query in zip(*map(np.asarray, (prompt.x, prompt.y, following(prompt))), strict=True):
        weights = weights + np.outer(y - weights @ x, x) / (x @ x)
        expected.append(weights @ query)
    deep = OnlineDescent(jnp.full(60, 0.9), jnp.zeros(60))
    np.testing.assert_allclose(deep(prompt), expected, rtol=1e-8)


def test_one_pass_of_least_mean_squares(double: None) -> None:
    prompt = Prompt(jnp.array([[1.0], [2.0]]), jnp.array([[3.0], [5.0]]), jnp.array([4.0]))
    first = 0.5 * 3
    second = first + 0.5 * (5 - 2 * first) * 2
    found = OnePass(jnp.asarray(0.5))(prompt)
    np.testing.assert_allclose(found, [[2 * first], [4 * second]])


def test_fits_are_minima(double: None) -> None:
    prompts, targets = drawn_from(TASK, KEY, 600)
    prompts = jax.tree.map(lambda a: a.astype(float), prompts)

    def loss(learner: OnlineDescent | OnePass) -> float:
        return float(jnp.mean((answers_of(learner, prompts) - targets) ** 2))

    free = online_descent(TASK, KEY, steps=2, per_step=True, curvature=True).fitted(prompts, targets)
    tied = online_descent(TASK, KEY, steps=2, curvature=True).fitted(prompts, targets)
    plain = online_descent(TASK, KEY, steps=2).fitted(prompts, targets)
    assert loss(free) < loss(tied) <= loss(plain)
    assert plain.shrinkages.tolist() == [0, 0]
    assert tied.rates[0] == tied.rates[1]
    for name in ("rates", "shrinkages"):
        for factor in (0.98, 1.02):
            moved = dataclasses.replace(free, **{name: getattr(free, name).at[0].multiply(factor)})
            assert loss(free) < loss(moved)
    lms = least_mean_squares(TASK, KEY).fitted(prompts, targets)
    assert loss(lms) < min(loss(OnePass(f * lms.rate)) for f in (0.99, 1.01))
