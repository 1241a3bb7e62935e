"""Errors, cosines, margins and mixtures of a model that is told its objective."""

import numpy as np
import pytest

from icgd.studies.retargeting import measure_prompted
from tests.studies.retargeting.common import LAW, always, asked, measured, seeds, study, values

ALGORITHMS = {
    "l1": (1.0, 0.0),
    "l2": (0.0, 2.0),
    "linf": (1.0, 1.0),
    "lad": (1.0, 2.0),
    "least_squares": (3.0, 0.0),
    "chebyshev": (0.0, 1.0),
}
MODEL = np.array([[[1.0, 0.5], [0.0, 2.0], [1.0, 1.0]], [[2.0, 0.0], [1.0, 1.0], [1.0, 0.0]]])
"""w by seed and objective asked for."""


def error(ours: np.ndarray, name: str) -> np.ndarray:
    theirs = np.array(ALGORITHMS[name])
    return ((ours - theirs) ** 2).sum(axis=-1) / (theirs**2).sum()


def cosine(ours: np.ndarray, name: str) -> np.ndarray:
    theirs = np.array(ALGORITHMS[name])
    return (ours @ theirs) / np.linalg.norm(ours, axis=-1) / np.linalg.norm(theirs)


def test_what_is_asked_for_against_every_algorithm(double: None) -> None:
    learners = {name: always(*weight) for name, weight in ALGORITHMS.items()} | {"model": seeds(*MODEL)}
    shift = ["noise", "arcsine", {}]
    stored = {"law": asked(), "noise=arcsine": asked(np.array([[2.0, 0.0], [0.0, 0.0]]))}
    hand = study(learners, conditions=[LAW, shift], stored=stored)
    found = measured(measure_prompted, hand, learners=["model"], mixtures=[0.25], prompts=2, shift_prompts=2)
    for index, objective in enumerate(("l1", "l2", "linf")):
        for name in ALGORITHMS:
            where = {"learner": "model", "objective": objective, "reference": name}
            assert values(found, metric="error", **where) == pytest.approx(error(MODEL[:, index], name))
            assert values(found, metric="cosine", **where) == pytest.approx(cosine(MODEL[:, index], name))
    others = np.minimum(error(MODEL[:, 0], "l2"), error(MODEL[:, 0], "linf"))
    margin = values(found, learner="model", metric="margin", objective="l1")
    assert margin == pytest.approx(error(MODEL[:, 0], "l1") / others)
    others = np.minimum(error(MODEL[:, 2], "lad"), error(MODEL[:, 2], "least_squares"))
    margin = values(found, learner="model", metric="exact_margin", objective="linf")
    assert margin == pytest.approx(error(MODEL[:, 2], "chebyshev") / others)
    where = {
        "learner": "model",
        "option": "noise",
        "setting": "arcsine",
        "objective": "linf",
        "reference": "l1",
    }
    assert values(found, metric="error", **where) == pytest.approx([0, 0])  # of the first entry of w alone


def test_mixtures_are_between_two_prompts_on_the_law_alone(double: None) -> None:
    learners = {name: always(*weight) for name, weight in ALGORITHMS.items()} | {"model": seeds(*MODEL)}
    stored = {"law": asked(), "noise=arcsine": asked()}
    hand = study(learners, conditions=[LAW, ["noise", "arcsine", {}]], stored=stored)
    found = measured(measure_prompted, hand, learners=["model"], mixtures=[0.25], prompts=2, shift_prompts=2)
    mixed = 0.75 * MODEL[:, 0] + 0.25 * MODEL[:, 2]
    pair = {"objective": "l1", "other_objective": "linf", "share": 0.25, "reference": "l2"}
    known = values(found, learner="model", metric="mixed_error", **pair)
    assert known == pytest.approx(error(mixed, "l2"))
    rows = found[found["metric"] == "mixed_error"]
    assert len(rows) == 2 * 3 * len(ALGORITHMS)  # seeds, pairs of objectives, algorithms
    assert rows["option"].isna().all()
