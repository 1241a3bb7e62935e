"""Training as a job: it survives kill -9 bit-identically, and goes on from nothing that another job made."""

from pathlib import Path
from typing import Any

import pytest

from icgd.results.job import Artefact
from icgd.spec.build import load_learner
from icgd.training.loop import Training
from tests.conftest import checkout
from tests.training.jobs import finish, first_words, kill_after_checkpoint, start, training_spec


@pytest.mark.parametrize("optimiser", ["adam", "muon"])
def test_killed_training_resumes_bit_identically(tmp_path: Path, optimiser: str) -> None:
    whole, killed = tmp_path / "whole.npz", tmp_path / "killed.npz"
    slow = training_spec(batch=4096, optimiser=optimiser)
    finish(whole, slow)
    checkpoint = kill_after_checkpoint(killed, slow)
    assert "going on from step" in finish(killed, slow)
    assert killed.read_bytes() == whole.read_bytes()
    assert not checkpoint.exists()


def edited_code(folder: Path, spec: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    root = checkout(folder)
    source = root / "src" / "icgd" / "training" / "loop.py"
    text = source.read_text("utf-8")
    assert text.count("CHUNK = 128") == 1
    source.write_text(text.replace("CHUNK = 128", "CHUNK = 64"), "utf-8")
    return spec, root


def commented_code(folder: Path, spec: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    root = checkout(folder)
    with (root / "src" / "icgd" / "training" / "loop.py").open("a", encoding="utf-8") as source:
        source.write("# a remark\n")
    return spec, root


def edited_spec(folder: Path, spec: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    return spec | {"training": spec["training"] | {"learning_rate": 0.01}}, checkout(folder)


@pytest.mark.parametrize(
    ("edit", "word"),
    [(edited_code, "starting afresh"), (edited_spec, "starting afresh"), (commented_code, "going on")],
)
def test_killed_training_starts_afresh_after_an_edit(tmp_path: Path, edit: Any, word: str) -> None:
    output, slow = tmp_path / "run" / "out.npz", training_spec(batch=4096)
    output.parent.mkdir()
    checkpoint = kill_after_checkpoint(output, slow)
    line = first_words(start(output, *edit(tmp_path / "code", slow)), "starting afresh", "going on")
    assert line.startswith(word)
    assert str(checkpoint) in line
    assert ("was made by other code or for another config" in line) == (word == "starting afresh")


def test_training_learns_and_reports_progress(tmp_path: Path) -> None:
    log = finish(tmp_path / "out.npz", training_spec(steps=600, batch=256))
    losses = [float(line.split()[-1]) for line in log.splitlines() if "training loss" in line]
    assert losses[-1] < 0.8 * losses[0]
    _, series = load_learner(Artefact(tmp_path / "out.npz"))
    assert series["steps"].tolist() == Training(600, 1, 1, 0.1, snapshots=12).snapshot_steps()
    assert series["seeds"].tolist() == [0, 1]


def test_non_finite_loss_stops_with_step_and_seed_and_can_be_mended(tmp_path: Path) -> None:
    output = tmp_path / "out.npz"
    process = start(output, training_spec(learning_rate=1e30))
    _, log = process.communicate()
    assert process.returncode == 1
    assert "training loss of seed 0, 1 became non-finite between steps" in log
    assert "last good state is that of step" in log
    assert "Traceback" not in log
    assert not output.exists()
    assert "starting afresh" in finish(output, training_spec(steps=20))
