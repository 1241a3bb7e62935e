"""Scores of changes and other knobs, and paths of weights."""

import jax
import pandas as pd
import pytest

from icgd.spec.model import Experiment, Spec, Trained
from icgd.studies.retargeting import measure_paths, measure_retargeting
from icgd.studies.retargeting.ruler import DESCENT, FITS
from icgd.tasks.objective_regression import ObjectiveRegression
from tests.studies.retargeting.common import Hand, always, measured, seeds, study, values

KEY = jax.random.key(0)
TASK = ObjectiveRegression(noise_scale=1.0)
LABELS = {
    "part_to_l1": {"change": "part", "objective": "l1", "start": "base"},
    "random_part_to_l1": {"change": "part", "objective": "l1", "start": "random"},
    "scratch_to_l1": {"change": "scratch", "objective": "l1", "start": "nothing"},
}
RETARGETING = {"home": "base", "prompted": ["told"], "exact": ["told"], "prompts": 2}


def hand() -> Hand:
    """Descent on L1 at 45° to the home, which is descent on L2: E₀ = 1 − cos² = 1/2."""
    descent = {"l1": always(1, 1), "l2": always(2, 0), "linf": always(0, 2)}
    fits = {"lad": always(1, 0), "least_squares": always(0, 1), "chebyshev": always(2, 2)}
    changes = {
        "base": seeds([(2, 0)] * 3),
        "part_to_l1": seeds([(1, 0.5)] * 3),
        "random_part_to_l1": seeds([(0, 0)] * 3),
        "scratch_to_l1": seeds([(1, 1)] * 3),
    }
    told = {"told": seeds([(1, 0.5), (0, 1), (2, 2)])}
    return study(descent | fits | changes | told, labels=LABELS)


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    before = jax.config.read("jax_enable_x64")
    jax.config.update("jax_enable_x64", True)
    table = measured(measure_retargeting, hand(), **RETARGETING)
    jax.config.update("jax_enable_x64", before)
    return table


def test_errors_of_the_home(found: pd.DataFrame) -> None:
    l1 = {"learner": "base", "objective": "l2", "reference": "l1"}
    assert values(found, metric="error", **l1) == pytest.approx([1.0])
    assert values(found, metric="rescaled_error", **l1) == pytest.approx([0.5])
    assert values(found, learner="base", metric="parameters") == [6]
    assert values(found, learner="base", metric="share_of_parameters") == [1]


def test_scores_of_changes_and_of_their_controls(found: pd.DataFrame) -> None:
    """|(1, ½) − (1, 1)|²/2 = ⅛, so the score is 1 − ⅛/½; the random network's error is 1, its score −1."""
    known = {"part_to_l1": 0.75, "random_part_to_l1": -1, "scratch_to_l1": 1}
    for name, score in known.items():
        assert values(found, learner=name, metric="score", objective="l1") == pytest.approx([score])
        assert values(found, learner=name, metric="trained_parameters", **LABELS[name]) == [6]
    assert values(found, learner="part_to_l1", metric="score_over_random", objective="l1") == pytest.approx(
        [1.75]
    )
    assert set(found.loc[found["metric"] == "score_over_random", "learner"]) == {"part_to_l1"}
    other = {"learner": "part_to_l1", "metric": "error", "objective": "l1", "reference": "l2"}
    assert values(found, **other) == pytest.approx([1.25 / 4])


def test_prompts_are_knobs_without_parameters(found: pd.DataFrame) -> None:
    """Its answer for L2 is the least-squares fit, so its home is at 90° to the L1 fit: E₀ = 1."""
    assert values(found, learner="told", metric="parameters") == [0]
    for objective, error in (("l1", 0.25), ("l2", 0), ("linf", 0)):
        where = {"objective": objective, "reference": FITS[objective]}
        assert values(found, learner="told", metric="error", **where) == pytest.approx([error])
    assert values(found, learner="told", metric="score", objective="l1") == pytest.approx([0.75])
    assert values(found, learner="told", metric="score", objective="l2") == []
    assert values(found, learner="dial", metric="parameters") == [3 * TASK.steps]


def test_paths_are_straight(double: None) -> None:
    """From (2, 0) to (1, ½): half-way at (1½, ¼)."""
    options = {"home": "base", "changes": ["part"], "shares": [0.0, 1.0, 0.5], "prompts": 2}
    table = measured(measure_paths, hand(), **options)
    assert set(table["learner"]) == {"part_to_l1"}
    where = {"metric": "path_error", "change": "part", "objective": "l1", "share": 0.5}
    half = (0.25 + 0.75**2) / 2
    assert values(table, learner="part_to_l1", **where, reference="l1") == pytest.approx([half])
    assert values(table, learner="part_to_l1", **where, reference="l2") == pytest.approx(
        [(0.25 + 0.0625) / 4]
    )
    rise = values(table, learner="part_to_l1", metric="largest_rise", objective="l1")
    assert rise == pytest.approx([half - 0.125])


def test_only_what_is_followed_is_read() -> None:
    labels: dict[str, dict[str, str]] = {"base": {}, **LABELS}
    experiment = Experiment(
        task=Spec(kind="objective_regression.ObjectiveRegression"),
        evaluation_prompts=1,
        trained={n: Trained(kind="adapters.adapted", training={}, labels=at) for n, at in labels.items()},
        measurements={"paths": {}},
    )
    read = measure_paths.reads(experiment, {"home": "base", "changes": ["part"]})
    assert read == ["base", "part_to_l1", "l1", "l2", "linf"]
    read = measure_retargeting.reads(experiment, RETARGETING)
    assert read == ["base", "told", *LABELS, *DESCENT.values(), *FITS.values()]
