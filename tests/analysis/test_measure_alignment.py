"""Losses and distances of learners whose predictions are known."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from icgd.analysis import measure_alignment
from icgd.analysis.measure_alignment import verdicts
from icgd.analysis.study import Study
from icgd.analysis.tidy import rows
from icgd.prompt import Prompt
from tests.by_hand import fixed, hand_made, measured, save_prompts, value

PROMPTS = Prompt(jnp.zeros((2, 1, 2)), jnp.zeros((2, 1, 1)), jnp.array([[1.0, 0.0], [0.0, 2.0]]))
TARGETS = [[1.0], [2.0]]


@pytest.fixture
def study(tmp_path: Path, double: None) -> Study:
    """Two seeds that predict (0, 2) and (1, 0); the algorithm (1, 0); its rival, and another, zero."""
    learners = {"ours": fixed((0, 1), (1, 0)), "a": fixed((1, 0)), "b": fixed((0, 0)), "other": fixed((0, 0))}
    longer = {"context_length": 2}
    spec = {
        "references": {"ours": {"algorithm": "a", "rivals": ["b"]}},
        "conditions": [[None, None, {}], ["context_length", 2, longer]],
    }
    doubled = Prompt(jnp.zeros((2, 2, 2)), jnp.zeros((2, 2, 1)), 2 * PROMPTS.query)
    save_prompts(tmp_path, "context_length=2", doubled, np.array(TARGETS, np.float32))
    return hand_made(tmp_path, learners, PROMPTS, TARGETS, **spec)


def test_losses_distances_and_nearest_rival(study: Study) -> None:
    table = measured(measure_alignment, study, sensitivity_prompts=2)
    law = rows(table, option=None, learner="ours")
    for metric, reference, expected in [
        ("loss", None, [0.25, 1.0]),
        ("relative_excess_loss", "a", [-0.75, 0.0]),
        ("prediction_l2", "a", [1.5, 0.0]),
        ("prediction_l2", "b", [1.0, 0.5]),
        ("prediction_l2_over_nearest_rival", "a", [1.5, 0.0]),
        ("sensitivity_cosine", "a", [0.0, 1.0]),
        ("sensitivity_l2", "a", [2**0.5, 0.0]),
        ("relative_distance", "a", [1.0, 0.0]),
    ]:
        found = rows(law, metric=metric, reference=reference)
        assert found["seed"].tolist() == [0, 1]
        assert set(found["step"]) == {10}
        np.testing.assert_allclose(found["value"], expected, atol=1e-12, err_msg=metric)


def test_under_a_shift_the_compared_alone_are_measured_on_its_own_prompts(study: Study) -> None:
    table = measured(measure_alignment, study, sensitivity_prompts=2)
    shifted = rows(table, option="context_length", setting="2")
    assert set(shifted["learner"]) == {"ours", "a", "b", "closed_form"}
    assert "other" in set(rows(table, option=None)["learner"])
    found = rows(shifted, learner="ours", metric="loss")["value"]
    np.testing.assert_allclose(found, [(1 + 4) / 4, (1 + 4) / 4])
    few = rows(measured(measure_alignment, study, sensitivity_prompts=2, shift_prompts=1), option=...)
    np.testing.assert_allclose(rows(few, learner="ours", metric="loss")["value"], [0.5, 0.5])


def test_closed_form_keeps_the_rate_per_example(study: Study) -> None:
    exact = rows(measured(measure_alignment, study, sensitivity_prompts=2), learner="closed_form")
    c, longer = 1.8 + 1, (1 + 1.8 + 1) / 2  # (N − 1)/N + (κ + D − 1)/N at N = 1 and 2, D = 2
    law, shift = rows(exact, option=None), rows(exact, option="context_length")
    assert value(rows(law, metric="learning_rate")) == pytest.approx(12 / c)
    assert value(rows(law, metric="trivial_loss")) == pytest.approx(1 / 12)
    assert value(rows(law, metric="loss")) == pytest.approx((1 - 1 / c) / 12)
    rate = 2 / c
    assert value(rows(shift, metric="loss")) == pytest.approx((1 - 2 * rate + longer * rate**2) / 12)


def test_margins_give_verdicts(study: Study) -> None:
    assert rows(measured(measure_alignment, study), metric="is_algorithm").empty
    table = measured(measure_alignment, study, prediction_margin=0.1, cosine_margin=0.1)
    found = rows(table, metric="is_algorithm", option=None, learner="ours")
    assert rows(found, reference="a")["value"].tolist() == [0, 1]
    assert rows(found, reference="b")["value"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("distance", "error", "cosine", "holds"),
    [(0.05, 0.01, 0.999, 1), (0.09, 0.01, 0.999, 0), (0.05, 0.01, 0.98, 0), (0.3, 0.01, 0.999, 0)],
)
def test_verdict_needs_both_margins_and_no_nearer_rival(
    distance: float, error: float, cosine: float, holds: int
) -> None:
    names = ("relative_distance", "relative_distance_standard_error", "sensitivity_cosine")
    apart = {
        "a": dict(zip(names, (jnp.array([v]) for v in (distance, error, cosine)), strict=True)),
        "b": dict(zip(names, (jnp.array([v]) for v in (0.2, 0.0, 1.0)), strict=True)),
    }
    found = verdicts(apart, prediction=0.1, cosine=0.01)
    assert [float(found[name]["is_algorithm"][0]) for name in ("a", "b")] == [holds, 0]
