"""Steps after each example, by hand and against steps on prefixes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.descent import CentredStep, GradientDescent
from icgd.algorithms.sequence_steps import SequenceStep, centred_sequence_step, sequence_step
from icgd.prompt import Prompt
from icgd.tasks.regression_sequences import RegressionSequences, following
from icgd.theory.positions import best_multiple, best_rates
from tests.prompts import answers_of, drawn_from, random_prompt

KEY = jax.random.key(0)
TASK = RegressionSequences(dimension=3, context_length=5)


def prefix(prompt: Prompt, n: int) -> Prompt:
    return Prompt(prompt.x[:n], prompt.y[:n], following(prompt)[n - 1])


def test_by_hand(double: None) -> None:
    prompt = Prompt(jnp.array([[1.0], [2.0]]), jnp.array([[3.0], [5.0]]), jnp.array([4.0]))
    found = SequenceStep(jnp.array([0.5, 0.1]))(prompt)
    np.testing.assert_allclose(found, [[0.5 * 3 * 2], [0.1 * (3 + 10) * 4]])


@pytest.mark.parametrize("rate", ["per_example", "on_mean", "per_position"])
def test_rates_are_those_of_the_theory(double: None, rate: str) -> None:
    learner = sequence_step(TASK, KEY, rate=rate)  # type: ignore[arg-type]
    shape = {"per_example": [1.0] * 5, "on_mean": [1 / n for n in range(1, 6)]}
    expected = best_multiple(TASK, shape[rate]) if rate in shape else best_rates(TASK)
    np.testing.assert_allclose(learner.rates, expected)
    prompt = random_prompt(0, 5, 3, 2)
    for n in range(1, 6):
        step = GradientDescent(n * learner.rates[n - 1][None])
        np.testing.assert_allclose(learner(prompt)[n - 1], step(prefix(prompt, n)), rtol=1e-9)


def test_centred_steps_are_centred_on_what_was_seen(double: None) -> None:
    prompt = random_prompt(1, 5, 3, 2)
    learner = centred_sequence_step(TASK, KEY)
    for n in range(1, 6):
        alone = CentredStep(jnp.asarray(1.0))(prefix(prompt, n))
        np.testing.assert_allclose(learner(prompt)[n - 1], alone, rtol=1e-9, atol=1e-12)


def test_the_fitted_centred_step_is_the_best_multiple(double: None) -> None:
    prompts, targets = drawn_from(TASK, KEY, 500)
    fitted = centred_sequence_step(TASK, KEY).fitted(prompts, targets)

    def loss(factor: float) -> float:
        step = SequenceStep(factor * fitted.rates, centred=True)
        return float(jnp.mean((answers_of(step, prompts) - targets) ** 2))

    assert loss(1.0) < min(loss(0.99), loss(1.01))
    plain = sequence_step(TASK, KEY, rate="on_mean")
    assert plain.fitted(prompts, targets) is plain
