"""Descent on norms of the residual: its fitted rates, and its steps without smoothing."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms import norm_descent as norms
from icgd.prompt import Prompt
from tests.algorithms.conftest import KEY, TASK
from tests.prompts import answers_of


@pytest.mark.parametrize("norm", ["l1", "linf"])
def test_rates_of_descent_on_norms_are_the_best(prompts: tuple[Prompt, jax.Array], norm: Any) -> None:
    stored, targets = prompts
    learner = norms.norm_descent(TASK, KEY, norm=norm, steps=2).fitted(stored, targets)

    def loss(factor: float) -> float:
        scaled = dataclasses.replace(learner, rate=factor * learner.rate)
        return float(jnp.mean((answers_of(scaled, stored) - targets) ** 2))

    assert loss(1.0) < min(loss(0.9), loss(1.1), loss(0.0))
    size = float(jnp.sqrt(jnp.mean(stored.y**2)))
    assert float(learner.temperature) == pytest.approx(0.2 * size, rel=0.02)
    assert float(learner.sharpness) == pytest.approx(5 / size if norm == "linf" else 0, rel=0.02)
    tripled = dataclasses.replace(stored, y=3 * stored.y)
    again = norms.norm_descent(TASK, KEY, norm=norm, steps=2).fitted(tripled, 3 * targets)
    np.testing.assert_allclose(
        answers_of(again, tripled), 3 * answers_of(learner, stored), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("norm", ["l1", "linf"])
def test_unsmoothed_descent_pulls_by_signs_alone(prompts: tuple[Prompt, jax.Array], norm: Any) -> None:
    stored, targets = prompts
    learner = norms.norm_descent(TASK, KEY, norm=norm, steps=1, smooth=False).fitted(stored, targets)
    prompt = jax.tree.map(lambda a: a[0], stored)
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)[:, 0]
    largest = np.arange(len(y)) == np.abs(y).argmax()
    weight = largest if norm == "linf" else np.full(len(y), 1 / len(y))
    step = float(learner.rate) * (weight * np.sign(y)) @ x
    np.testing.assert_allclose(learner(prompt), [step @ prompt.query], rtol=1e-5)
    assert float(learner.rate) > 0.1
