"""Training: it learns, survives kill -9 bit-identically, and stops on a non-finite loss."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from icgd.learner import Learner
from icgd.models.attention_stack import attention_stack
from icgd.models.blocks import prompted_transformer
from icgd.results.store import ArtefactError, load_arrays, save_arrays
from icgd.spec.build import load_learner
from icgd.stages import rates
from icgd.tasks.linear_regression import LinearRegression
from icgd.tasks.objective_regression import ObjectiveRegression
from icgd.training.loop import CHUNK, Training, loss_and_gradient, population_loss
from tests.conftest import ROOT


def spec(**training: object) -> dict[str, Any]:
    options = {
        "steps": 300,
        "batch": 128,
        "learning_rate": 0.02,
        "snapshots": 12,
        "seeds_per_job": 2,
    } | training
    return {
        "experiment": "one_step",
        "variant": "test",
        "name": "transformer",
        "seed": 1,
        "seeds": [0, 1],
        "task": {"kind": "linear.LinearRegression", "dimension": 4, "context_length": 4},
        "learner": {"kind": "transformer.attention_stack", "initial_scale": 0.3, "training": options},
    }


def start(output: Path, spec: dict[str, Any]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "icgd.stages.train", "--spec", json.dumps(spec), "--output", str(output)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "NPROC": "1"}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def finish(output: Path, spec: dict[str, Any]) -> str:
    process = start(output, spec)
    _, log = process.communicate()
    assert process.returncode == 0, log
    return log


@pytest.mark.parametrize("optimiser", ["adam", "muon"])
def test_killed_training_resumes_bit_identically(tmp_path: Path, optimiser: str) -> None:
    whole, killed = tmp_path / "whole.npz", tmp_path / "killed.npz"
    slow = spec(batch=4096, optimiser=optimiser)
    finish(whole, slow)
    process = start(killed, slow)
    checkpoint = killed.with_suffix(".checkpoint.npz")
    while not checkpoint.exists():
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not killed.exists()
    assert "going on from step" in finish(killed, slow)
    assert killed.read_bytes() == whole.read_bytes()
    assert not checkpoint.exists()


def test_training_learns_and_reports_progress(tmp_path: Path) -> None:
    log = finish(tmp_path / "out.npz", spec(steps=600, batch=256))
    losses = [float(line.split()[-1]) for line in log.splitlines() if "training loss" in line]
    assert losses[-1] < 0.8 * losses[0]
    _, series = load_learner(tmp_path / "out.npz")
    assert series["steps"].tolist() == Training(600, 1, 1, 0.1, snapshots=12).snapshot_steps()
    assert series["seeds"].tolist() == [0, 1]


def test_schedule_warms_up_and_decay_spares_both_ends() -> None:
    """One step on a zero gradient moves weights only by the decay."""
    training = Training(100, 1, 1, 0.1, warmup=0.1, weight_decay=0.5)
    optimiser = training.transformation()
    weights = jnp.ones(1)
    state, moved = optimiser.init(weights), []
    for _ in range(100):
        update, state = optimiser.update(jnp.zeros(1), state, weights)
        moved.append(-float(update[0]))
    assert max(moved[:10]) == 0
    assert max(moved) == pytest.approx(0.1 * 0.5 * 16 / 27, rel=0.02)  # 4 r²(1 − r) at r = 2/3
    assert moved[-1] < 0.01 * max(moved)


def test_muon_turns_the_layers_matrices_alone() -> None:
    """A first update has like singular values, of about Adam's size; in an embedding, like entries."""
    task = ObjectiveRegression(dimension=3, context_length=4)
    weights = eqx.filter(prompted_transformer(task, jax.random.key(0)), eqx.is_array)
    training = Training(100, 1, 1, 0.01, optimiser="muon", clip=1e9)
    optimiser = training.transformation()
    gradient = jax.tree.map(lambda a: jax.random.normal(jax.random.key(a.size), a.shape), weights)
    update, _ = optimiser.update(gradient, optimiser.init(weights), weights)
    attention, mlp = update.blocks[0].attention, update.blocks[0].mlp
    write = jnp.moveaxis(attention.projection, 0, 1).reshape(64, 64)
    for matrix in (attention.query.reshape(64, 64), write, mlp.inner, mlp.outer):
        spread = jnp.linalg.svd(-matrix, compute_uv=False) / (0.01 * 0.2 * max(matrix.shape) ** 0.5)
        assert 0.6 < jnp.quantile(spread, 0.05) < spread.max() < 1.3
    assert jnp.sum(mlp.inner * gradient.blocks[0].mlp.inner) < 0
    size = jnp.abs(update.embedding[0, 0])
    np.testing.assert_allclose(update.embedding, -size * jnp.sign(gradient.embedding), rtol=1e-3)


def test_gradient_in_chunks_is_that_of_the_batch() -> None:
    task = LinearRegression(dimension=3, context_length=4)
    learner = attention_stack(task, jax.random.key(0), layers=2, initial_scale=0.5)
    training = Training(1, 3 * CHUNK, 1, 0.1)
    key = jax.random.key(1)
    loss, gradient = loss_and_gradient(learner, task, key, training)
    parts = [population_loss(learner, task, k, CHUNK) for k in jax.random.split(key, 3)]
    assert float(loss) == pytest.approx(float(jnp.mean(jnp.stack(parts))), rel=1e-6)

    def batch_loss(learner: Learner) -> jax.Array:
        return jnp.mean(
            jnp.stack([population_loss(learner, task, k, CHUNK) for k in jax.random.split(key, 3)])
        )

    for ours, whole in zip(*map(jax.tree.leaves, (gradient, jax.grad(batch_loss)(learner))), strict=True):
        np.testing.assert_allclose(ours, whole, rtol=1e-4, atol=1e-7)


def test_non_finite_loss_stops_with_step_and_seed(tmp_path: Path) -> None:
    process = start(tmp_path / "out.npz", spec(learning_rate=1e30))
    _, log = process.communicate()
    assert process.returncode == 1
    assert "training loss of seed 0, 1 became non-finite between steps" in log
    assert "last good state is that of step" in log
    assert "Traceback" not in log
    assert not (tmp_path / "out.npz").exists()


def test_trials_of_rates_tell_good_from_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "RATES", (1e-6, 0.02, 1e30))
    rates.main(spec(), [], tmp_path / "rates.csv")
    table = pd.read_csv(tmp_path / "rates.csv")
    assert list(table["learning_rate"]) == [1e-6, 0.02, 1e30]
    idle, good, bad = table["error"]
    assert good < 0.75 < idle
    assert not np.isfinite(bad)


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_truncated_artefact_is_named(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.arange(10_000.0)}, format="prompts")
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(ArtefactError, match=f"{path} cannot be read .* snakemake --cores all --force"):
        load_arrays(path, "prompts")


def test_foreign_and_corrupted_artefacts_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.zeros(1000)}, format="learner")
    with pytest.raises(ArtefactError, match="holds 'learner' where 'prompts' was expected"):
        load_arrays(path, "prompts")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match="cannot be read"):
        load_arrays(path, "learner")
    with pytest.raises(ArtefactError, match="does not exist"):
        load_arrays(tmp_path / "b.npz", "learner")


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.zeros(3)}, format="learner")
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save_arrays(path, {"x": np.ones(3)}, format="learner", bad=object())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
