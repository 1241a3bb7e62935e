"""What learners follow whose objective was confounded."""

import numpy as np
import pytest

from icgd.studies.retargeting import measure_confounded
from icgd.tasks.objective_regression import FAMILIES, SCALES
from tests.studies.retargeting.common import LAW, always, asked, measured, seeds, study, values

DESCENT = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
"""w of descent on each objective."""
SETTINGS = {"noise": FAMILIES, "label_scale": SCALES}


def looped(model: np.ndarray, queries: list[np.ndarray]) -> dict[str, float]:
    """The metrics of a learner with a w [d] for each objective; queries are by value of the property."""
    asked_errors, property_errors, tied, nearer = [], [], [], []
    for stands_for, q in enumerate(queries):
        for index in range(3):
            ours, right, wrong = q @ model[index], q @ DESCENT[index], q @ DESCENT[stands_for]
            error = np.mean((ours - right) ** 2) / np.mean(right**2)
            if index == stands_for:
                tied.append(error)
            else:
                asked_errors.append(error)
                property_errors.append(np.mean((ours - wrong) ** 2) / np.mean(wrong**2))
                nearer.append(np.mean(np.abs(ours - right) < np.abs(ours - wrong)))
    found = (asked_errors, property_errors, tied, nearer)
    return {name: float(np.mean(each)) for name, each in zip(measure_confounded.METRICS, found, strict=True)}


@pytest.mark.parametrize(("confound", "option"), [("noise", "noise"), ("scale", "label_scale")])
def test_who_follows_what(double: None, confound: str, option: str) -> None:
    """One learner does what it is asked for, one always descends on L2, one is half-way to that."""
    deaf = DESCENT[[1, 1, 1]]
    models = {"obeys": DESCENT, "deaf": deaf, "half": (DESCENT + 2 * deaf) / 3}
    learners = {name: always(*weight) for name, weight in zip(("l1", "l2", "linf"), DESCENT, strict=True)}
    learners |= {name: seeds(model) for name, model in models.items()}
    labels = {name: {"confound": confound, "untied": str(index)} for index, name in enumerate(models)}
    queries = [np.random.default_rng(i).normal(size=(5, 2)) for i in range(3)]
    laws = [f"{option}={setting}" for setting in SETTINGS[option]]
    hand = study(
        learners,
        labels=labels,
        conditions=[LAW, *([option, setting, {}] for setting in SETTINGS[option])],
        stored={"law": asked()} | {law: asked(q) for law, q in zip(laws, queries, strict=True)},
    )
    found = measured(measure_confounded, hand, prompts=5)
    assert len(found) == 4 * len(models)
    for index, (name, model) in enumerate(models.items()):
        for metric, value in looped(model, queries).items():
            where = {"learner": name, "confound": confound, "untied": float(index)}
            assert values(found, metric=metric, **where) == pytest.approx([value]), (name, metric)
    assert values(found, metric="follows_asked", learner="obeys", confound=confound, untied=0.0) == [1]
