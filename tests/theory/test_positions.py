"""Rates by position against sampling and against other rates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.sequence_steps import SequenceStep
from icgd.tasks.regression_sequences import RegressionSequences
from icgd.theory.linear import gradient_step_loss, optimal_learning_rate
from icgd.theory.positions import best_multiple, best_rates, sequence_loss
from tests.prompts import drawn_from

TASK = RegressionSequences(dimension=3, context_length=4)


def test_loss_of_rates_matches_sampling(double: None) -> None:
    prompts, targets = drawn_from(TASK, jax.random.key(0), 40_000)
    rates = [2.0, 1.0, 1.5, 0.5]
    predicted = jax.vmap(SequenceStep(jnp.array(rates)))(prompts)
    losses = 0.5 * jnp.mean(jnp.sum((predicted - targets) ** 2, axis=-1), axis=1)
    error = float(jnp.std(losses)) / 40_000**0.5
    assert abs(float(losses.mean()) - sequence_loss(TASK, rates)) < 4.5 * error


@pytest.mark.parametrize("shape", [[1.0] * 4, [1.0, 1 / 2, 1 / 3, 1 / 4]])
def test_no_other_multiple_is_better(shape: list[float]) -> None:
    best = best_multiple(TASK, shape)
    np.testing.assert_allclose(np.array(best) / shape, best[0])
    for factor in (0.99, 1.01):
        assert sequence_loss(TASK, best) < sequence_loss(TASK, [factor * rate for rate in best])


def test_free_rates_are_the_best_of_every_length() -> None:
    rates = best_rates(TASK)
    last = optimal_learning_rate(TASK)
    assert rates[-1] == pytest.approx(last / 4)
    assert sequence_loss(TASK, rates) < sequence_loss(TASK, best_multiple(TASK, [1.0] * 4))
    alone = RegressionSequences(dimension=3, context_length=1)
    assert sequence_loss(alone, rates[:1]) == pytest.approx(gradient_step_loss(alone, rates[0]))


def test_noisy_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="label_noise = 0.1"):
        best_rates(RegressionSequences(label_noise=0.1))
