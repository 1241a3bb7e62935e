"""Snapshots of training beside the algorithms that they are compared with."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np

from icgd.analysis import measure_training
from icgd.analysis.study import Population
from icgd.analysis.tidy import rows
from icgd.spec.model import Comparison
from tests.analysis.test_measure_alignment import PROMPTS, TARGETS
from tests.by_hand import Fixed, experiment, fixed, hand_made, measured


def snapshot(step: int, *weights: tuple[float, float]) -> Population:
    return Population(Fixed(jnp.array(weights)[:, None]), list(range(len(weights))), step)


def test_every_snapshot_but_the_last_is_measured(tmp_path: Path, double: None) -> None:
    learners = {"ours": fixed((1, 0), (1, 0)), "a": fixed((1, 0)), "b": fixed((0, 0))}
    history = {"ours": [snapshot(0, (0.0, 0.0), (0.0, 0.5)), snapshot(5, (0.0, 1.0), (1.0, 0.0))]}
    references = {"ours": {"algorithm": "a", "rivals": ["b"]}}
    study = hand_made(tmp_path, learners, PROMPTS, TARGETS, history=history, references=references)
    table = measured(measure_training, study, prompts=2)
    assert set(table["learner"]) == {"ours"}
    for metric, reference, expected in [
        ("loss", None, [1.25, 0.5, 0.25, 1.0]),
        ("relative_excess_loss", "a", [0.25, -0.5, -0.75, 0.0]),
        ("prediction_l2", "a", [0.5, 1.0, 1.5, 0.0]),
        ("prediction_l2", "b", [0.0, 0.5, 1.0, 0.5]),
    ]:
        found = rows(table, metric=metric, reference=reference)
        assert found[["step", "seed"]].to_numpy().tolist() == [[0, 0], [0, 1], [5, 0], [5, 1]]
        np.testing.assert_allclose(found["value"], expected, atol=1e-12, err_msg=metric)
    first = rows(measured(measure_training, study, prompts=1), metric="loss", reference=None)
    np.testing.assert_allclose(first["value"], [0.5, 0.5, 0.5, 0.0])


def test_what_is_compared_with_nothing_has_losses_alone(tmp_path: Path, double: None) -> None:
    learners, history = {"ours": fixed((1, 0))}, {"ours": [snapshot(0, (0.0, 1.0))]}
    study = hand_made(tmp_path, learners, PROMPTS, TARGETS, history=history)
    table = measured(measure_training, study, prompts=2)
    assert table.loc[table["metric"] == "loss", "value"].tolist() == [0.25]
    assert "relative_excess_loss" not in set(table["metric"])


def test_it_reads_what_is_trained_and_its_references() -> None:
    references = {"ours": Comparison(algorithm="a", rivals=["b"]), "c": Comparison(algorithm="d")}
    found = experiment(trained={"ours": None, "alone": None}, baselines={"c": None}, references=references)
    assert measure_training.reads(found, {}) == ["ours", "alone", "a", "b"]
