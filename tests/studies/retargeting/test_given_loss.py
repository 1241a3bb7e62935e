"""Errors of models that read their loss, with models whose weights are known."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from icgd.analysis.study import Population
from icgd.learner import Learner
from icgd.objectives.losses import HELD_OUT, ODD
from icgd.prompt import Prompt
from icgd.studies.retargeting import measure_given_loss
from icgd.studies.retargeting.drawn_losses import drawn, error, gain, noisy
from icgd.studies.retargeting.measure_given_loss import nearer, novelty
from icgd.tasks.loss_regression import LossRegression
from tests.studies.retargeting.common import measured, study, values

TASK = LossRegression(dimension=2, context_length=6, pairs=4, steps=3, family="huber")
KEY = jax.random.key(4)


class Constant(Learner):
    """The same weights [d] for every prompt."""

    weights: Float[Array, "*s d"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 q 1"]:
        return (prompt.query @ self.weights)[None, :, None]


def test_errors_by_hand(double: None) -> None:
    given = drawn(TASK, KEY, 8)
    assert float(error(given.descent, given)) == 0
    size = np.sum(np.asarray(given.descent) ** 2)
    np.testing.assert_allclose(error(jnp.zeros((2, 8, 2)), given), [1, 1])
    best = given.rescaled()
    for factor in (0.99, 1.01):
        assert float(error(factor * best, given)) > float(error(best, given))
    apart = np.sum((np.asarray(given.plain) - np.asarray(given.descent)) ** 2) / size
    assert float(error(given.plain, given)) == pytest.approx(apart)


def test_what_is_gained_is_nothing_for_l2_descent_and_all_for_descent_on_the_loss(double: None) -> None:
    given = drawn(TASK, KEY, 8)
    both = jnp.stack([given.plain, given.descent])
    np.testing.assert_allclose(gain(both, given), [0, 1], atol=1e-9)


def test_a_loss_of_training_is_nearer_than_one_that_falls_again(double: None) -> None:
    found = novelty(TASK, KEY, 400)
    assert float(found["huber"]) < 0.05 < float(found["welsch"])
    assert float(found["quantile_half"]) < float(found["quantile_high"])


def test_noise_is_in_psi_alone(double: None) -> None:
    given = drawn(TASK, KEY, 3)
    told, changed = given.prompts.objective, noisy(given, 0.5, KEY).prompts.objective
    assert told is not None and changed is not None
    np.testing.assert_array_equal(told[:, ::2], changed[:, ::2])
    assert float(jnp.abs(told[:, 1::2] - changed[:, 1::2]).min()) > 0


def test_nearer_counts_prompts() -> None:
    ours = jnp.array([[[0.0], [1.0]], [[1.0], [1.0]]])
    these, those = jnp.array([[0.0], [0.0]]), jnp.array([[1.0], [1.0]])
    np.testing.assert_array_equal(nearer(ours, these, those), [0.5, 0])


def test_rows_of_every_family(double: None, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Population(Constant(jnp.array([[0.5, 0.0], [0.0, 0.0]])), [0, 1], 10)
    blind = Population(Constant(jnp.array([[0.0, 0.0]])), [0], 10)
    hand = study({"model": model, "blind": blind})
    options: dict[str, Any] = {"dimension": 2, "context_length": 6, "pairs": 4, "steps": 3}
    spec = {"module": "icgd.tasks.loss_regression", "name": "LossRegression", "options": options}
    hand.spec["task"] = spec  # type: ignore[index]
    sizes = {"counts": [2], "noises": [0.1], "trained": 50, "prompts": 8}
    found = measured(measure_given_loss, hand, learners=["model"], blind="blind", swept="model", **sizes)
    assert values(found, learner="model", metric="loss_error", family="welsch")[1] == pytest.approx(1)
    shares = [
        values(found, learner="model", metric="share_of_ignoring", family=family)
        for family in HELD_OUT
        if family in ODD
    ]
    assert values(found, learner="model", metric="unseen_share") == pytest.approx(np.max(shares, axis=0))
    rival = min(
        values(found, learner="rescaled_l2", metric="loss_error", family="l3")[0],
        values(found, learner="blind", metric="loss_error", family="l3")[0],
    )
    ours = values(found, learner="model", metric="loss_error", family="l3")
    share = values(found, learner="model", metric="share_of_ignoring", family="l3")
    assert share == pytest.approx([each / rival for each in ours])
    same = values(found, learner="model", metric="by_noise", family="welsch", noise=0.1)
    ours = values(found, learner="model", metric="loss_error", family="welsch")
    assert same == pytest.approx(ours)  # a constant model does not read its pairs
    assert len(values(found, learner="model", metric="by_pairs", family="sum", pairs=2)) == 2
