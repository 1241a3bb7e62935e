"""Damped roll-outs on problems of one number, where the error shrinks by a known factor."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from icgd.algorithms.descent import GradientDescent
from icgd.algorithms.smoothers import Trivial
from icgd.analysis import measure_rollout
from icgd.analysis.measure_rollout import unrolled
from icgd.analysis.study import Population, alone
from icgd.analysis.tidy import rows
from icgd.constructions.gradient_layer import gradient_layer
from icgd.prompt import Prompt
from tests.by_hand import hand_made, measured, value

STEPS, DAMPING = 3, 0.5
# Labels are the inputs. Descent of damped rate η leaves 1 − ηx² of the error: the second prompt diverges.
PROMPTS = Prompt(jnp.array([[[1.0]], [[4.0]]]), jnp.array([[[1.0]], [[4.0]]]), jnp.ones((2, 1)))


@pytest.fixture
def table(tmp_path: Path, double: None) -> pd.DataFrame:
    layer = gradient_layer(jnp.zeros((1, 1)), 1.0, 1)
    trained = alone(layer)
    learners = {
        "layer": Population(trained.learner, [3], 10),
        "gd": alone(GradientDescent(jnp.array([0.5]), 1)),
    }
    study = hand_made(
        tmp_path, learners, PROMPTS, [[1.0], [1.0]], references={"layer": {"algorithm": "gd", "rivals": []}}
    )
    return measured(measure_rollout, study, learners=["layer"], steps=STEPS, damping=DAMPING, prompts=2)


def test_stable_losses_are_those_of_the_prompts_where_descent_converges(table: pd.DataFrame) -> None:
    for times in range(1, STEPS + 1):
        at = rows(table, times=times)
        ours, theirs = 0.5 * 0.5 ** (2 * times), 0.5 * 0.75 ** (2 * times)
        assert value(rows(at, learner="layer", metric="stable_loss")) == pytest.approx(ours)
        assert value(rows(at, learner="gd", metric="stable_loss")) == pytest.approx(theirs)
        excess = rows(at, metric="stable_relative_excess_loss")
        assert excess[["learner", "reference", "seed", "step"]].to_numpy().tolist() == [
            ["layer", "gd", 3, 10]
        ]
        assert value(excess) == pytest.approx(ours / theirs - 1)


def test_losses_are_over_all_prompts_and_divergence_is_counted(table: pd.DataFrame) -> None:
    for times in range(1, STEPS + 1):
        found = value(rows(table, times=times, learner="gd", metric="loss"))
        assert found == pytest.approx((0.75 ** (2 * times) + 9.0**times) / 4)
    unstable = rows(table, metric="unstable_fraction")
    assert unstable["value"].tolist() == [0.5, 0.5]
    assert unstable["times"].isna().all()
    counted = [value(rows(table, times=t, learner="gd", metric="diverged_fraction")) for t in (1, 2, 3)]
    assert counted == [0.0, 0.0, 0.5]  # predictions 1 − (−3)ᵏ against ten times the RMS target


def test_what_has_no_step_is_refused() -> None:
    with pytest.raises(TypeError, match="Trivial has no step"):
        unrolled(Trivial(), 2, 0.5)


def test_damping_multiplies_the_first_rate() -> None:
    found = unrolled(GradientDescent(jnp.array([0.4, 0.8])), 3, 0.5)
    assert isinstance(found, GradientDescent)
    np.testing.assert_allclose(found.learning_rates, [0.2] * 3)
