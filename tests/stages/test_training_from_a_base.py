"""Training that starts from what other learners ended at."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import pytest

from icgd.models.adapters import Adapted
from icgd.results.job import Artefact, Job
from icgd.spec.build import load_learner
from icgd.stages import train
from icgd.stages.errors import StageError

TASK = {"module": "icgd.tasks.objective_regression", "name": "ObjectiveRegression", "options": {}}
BLOCKS = "icgd.models.blocks", "prompted_transformer"
SMALL = {"layers": 1}
UNTOLD = SMALL | {"told": False, "weighs": True}
CHANGE = "icgd.models.adapters", "adapted"
BIASES = SMALL | {"part": "biases"}


def job(output: Path, kind: tuple[str, str], options: dict[str, Any], seeds: list[int], **parts: Any) -> Job:
    training = {"steps": 5, "batch": 8, "learning_rate": 0.01, "seeds_per_job": 2, "snapshots": 1}
    module, name = kind
    spec = {
        "experiment": "test",
        "variant": "test",
        "key": "learner",
        "seed": 1,
        "seeds": seeds,
        "task": TASK,
        "learner": {"module": module, "name": name, "options": options},
        "training": training,
        "training_task": {},
        "start": [],
    }
    return Job("train", output.stem, spec | parts, {"output": output}, "digest")


def test_training_starts_from_the_seeds_last_weights(tmp_path: Path) -> None:
    files = [tmp_path / "base.2-3.npz", tmp_path / "base.0-1.npz"]
    for file, block in zip(files, ([2, 3], [0, 1]), strict=True):
        train.main(job(file, BLOCKS, UNTOLD, block, training_task={"objective": "l2"}))
    start = [Artefact(file, "digest") for file in files]
    output = tmp_path / "change.npz"
    train.main(job(output, CHANGE, BIASES, [1, 2], start=start, training_task={"objective": "l1"}))
    learner, _ = load_learner(Artefact(output, "digest"))
    assert isinstance(learner, Adapted)
    for place, (file, row) in enumerate([(files[1], 1), (files[0], 0)]):
        ended, _ = load_learner(Artefact(file, "digest"))
        for snapshot in (0, -1):
            assert eqx.tree_equal(
                jax.tree.map(lambda a: a[snapshot, place], learner.base),  # noqa: B023
                jax.tree.map(lambda a: a[-1, row], ended),  # noqa: B023
            )


def test_a_base_of_other_shapes_is_named(tmp_path: Path) -> None:
    other = UNTOLD | {"hidden": 32}
    train.main(job(tmp_path / "base.npz", BLOCKS, other, [0]))
    start, output = [Artefact(tmp_path / "base.npz", "digest")], tmp_path / "change.npz"
    with pytest.raises(StageError, match=r"base\.npz has weights of other shapes"):
        train.main(job(output, CHANGE, BIASES, [0], start=start))
    with pytest.raises(StageError, match=r"PromptedTransformer has no base for the weights of .*base\.npz"):
        train.main(job(output, BLOCKS, other, [0], start=start))
