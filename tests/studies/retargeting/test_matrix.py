"""The attainment matrix of learners whose weights are known."""

import jax.numpy as jnp
import numpy as np
import pytest

from icgd.analysis.attainment import Ruler
from icgd.objectives.dial import OBJECTIVES
from icgd.studies.retargeting import measure_attainment
from tests.studies.retargeting.common import Hand, always, measured, regression, seeds, study, values

OURS = [[[0.9, -0.4], [1.0, -0.5], [0.8, -0.6]], [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]]
"""Weights by seed and objective."""
THEIRS = {"l1": (1.0, -0.4), "l2": (0.95, -0.5), "linf": (0.7, -0.5)}
OPTIONS = {"dimension": 2, "context_length": 7}


def hand() -> Hand:
    model = seeds(*OURS)
    learners = {name: always(*weight) for name, weight in THEIRS.items()} | {"model": model}
    return study(learners, stored={"law": regression()}, options=OPTIONS, history={"model": [model]})


def by_hand(weight: tuple[float, ...] | list[float]) -> np.ndarray:
    """Attainments of one w on all prompts, with the ruler's ends."""
    stored = regression()
    ruler = Ruler.of(stored)
    left = np.abs(np.asarray(stored.y[..., 0] - stored.x @ np.array(weight)))
    found = [left.mean(axis=1).mean(), (left**2).mean(axis=1).mean(), left.max(axis=1).mean()]
    zero, one = np.asarray(ruler.zero).mean(axis=0), np.asarray(ruler.one).mean(axis=0)
    return (zero - np.array(found)) / (zero - one)


def test_cells_gains_and_scores(double: None, monkeypatch: pytest.MonkeyPatch) -> None:
    explicit = np.array([[0.5, 0.8, -0.5], [0.0, 0.9, -0.2], [-0.5, 0.7, 0.5]])
    monkeypatch.setattr(measure_attainment, "explicit_matrix", lambda *_: jnp.asarray(explicit))
    found = measured(measure_attainment, hand(), learners=["model"], mixtures=[0.0, 0.5], prompts=6)
    ours = np.array([[by_hand(weight) for weight in seed] for seed in OURS])
    for row, asked in enumerate(OBJECTIVES):
        for column, attained in enumerate(OBJECTIVES):
            at = {"learner": "model", "metric": "attainment", "objective": asked, "attained": attained}
            assert values(found, **at) == pytest.approx(ours[:, row, column])
            cell = {"learner": "explicit", "metric": "attainment", "objective": asked, "attained": attained}
            assert values(found, **cell) == pytest.approx([by_hand(THEIRS[asked])[column]])
        others = [other for other in range(3) if other != row]
        gain = ours[:, row, row] - ours[:, others, row].max(axis=1)
        at = {"learner": "model", "objective": asked}
        assert values(found, metric="own_gain", **at) == pytest.approx(gain)
        assert values(found, metric="share_of_explicit", **at) == pytest.approx(
            ours[:, row, row] / explicit[row, row]
        )
        assert values(found, metric="linearity", **at) == pytest.approx([1, 1])
        theirs, mine = np.array(THEIRS[asked]), np.array([seed[row] for seed in OURS])
        apart = ((mine - theirs) ** 2).sum(axis=1) / (theirs**2).sum()
        assert values(found, metric="imitation_error", **at) == pytest.approx(apart)
    pairs = [
        (ours[:, o, o] - ours[:, p, o]) / (explicit[o, o] - explicit[p, o])
        for o in range(3)
        for p in range(3)
        if o != p
    ]
    assert values(found, learner="model", metric="score") == pytest.approx(np.mean(pairs, axis=0))


def test_mixtures_have_the_weights_in_between(double: None, monkeypatch: pytest.MonkeyPatch) -> None:
    explicit = np.array([[0.5, 0.8, -0.5], [0.0, 0.9, -0.2], [-0.5, 0.7, 0.5]])
    monkeypatch.setattr(measure_attainment, "explicit_matrix", lambda *_: jnp.asarray(explicit))
    found = measured(measure_attainment, hand(), learners=["model"], mixtures=[0.5], prompts=6)
    half = [(np.array(seed[0]) + np.array(seed[2])) / 2 for seed in OURS]
    at = {"learner": "model", "metric": "mixed_attainment", "objective": "l1", "other_objective": "linf"}
    known = [by_hand(list(weight))[0] for weight in half]
    assert values(found, **at, share=0.5, attained="l1") == pytest.approx(known)


def test_intervals_hold_their_cells(double: None, monkeypatch: pytest.MonkeyPatch) -> None:
    explicit = np.array([[0.5, 0.8, -0.5], [0.0, 0.9, -0.2], [-0.5, 0.7, 0.5]])
    monkeypatch.setattr(measure_attainment, "explicit_matrix", lambda *_: jnp.asarray(explicit))
    found = measured(measure_attainment, hand(), learners=["model"], mixtures=[], prompts=6)
    at = {"learner": "model", "objective": "l1", "attained": "l1"}
    middle = np.mean(values(found, metric="attainment", **at))
    assert values(found, metric="attainment_low", **at)[0] < middle
    assert values(found, metric="attainment_high", **at)[0] > middle
