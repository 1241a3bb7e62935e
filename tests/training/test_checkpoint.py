"""Checkpoints are gone on from by the job that made them alone."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from icgd.models.attention_stack import attention_stack
from icgd.spec.build import leaves_by_name
from icgd.tasks.linear_regression import LinearRegression
from icgd.training.checkpoint import Snapshot, load_checkpoint, save_checkpoint
from icgd.training.loop import State, Training, initial_state


def untrained() -> State:
    task = LinearRegression(dimension=2, context_length=3)
    learners = eqx.filter_vmap(lambda key: attention_stack(task, key))(jax.random.split(jax.random.key(0), 2))
    return initial_state(learners, Training(10, 1, 2, 0.1))


def test_only_the_same_job_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = untrained()
    moved = jax.tree.map(lambda a: a + 1 if eqx.is_inexact_array(a) else a, first)
    later = eqx.tree_at(lambda state: state.step, moved, jnp.asarray(7, jnp.int32))
    snapshots: list[Snapshot] = [leaves_by_name(state.learner) for state in (first, later)]
    path = tmp_path / "a.checkpoint.npz"
    assert eqx.tree_equal(load_checkpoint(path, first, "one")[0], first)
    save_checkpoint(path, later, snapshots, "one")

    state, kept = load_checkpoint(path, first, "one")
    assert eqx.tree_equal(state, later)
    assert len(kept) == 2
    assert "going on from step 7" in capsys.readouterr().err

    state, kept = load_checkpoint(path, first, "two")
    assert eqx.tree_equal(state, first)
    assert len(kept) == 1
    assert "starting afresh" in capsys.readouterr().err

    path.write_bytes(path.read_bytes()[:100])
    assert eqx.tree_equal(load_checkpoint(path, first, "one")[0], first)
    assert "cannot be read" in capsys.readouterr().err
