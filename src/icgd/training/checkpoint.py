"""Checkpoints of an unfinished training, from which it goes on bit-identically."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from icgd.results.job import Artefact
from icgd.results.store import ArtefactError, load_arrays, save_arrays
from icgd.spec.build import fill, leaves_by_name
from icgd.training.loop import State

Snapshot = Mapping[str, np.ndarray]


def load_checkpoint(path: Path, state: State, digest: str) -> tuple[State, list[Snapshot]]:
    """The state and snapshots of an unfinished training of the same job, or a fresh start.

    `state` is that of a fresh start; what was made by other code, or asked for something else, is not gone
    on from.
    """
    if not path.exists():
        return state, [leaves_by_name(state.learner)]
    try:
        arrays, _ = load_arrays(Artefact(path, digest), "checkpoint")
    except ArtefactError as error:
        print(f"starting afresh: {str(error).partition('. Rebuild')[0]}", file=sys.stderr)
        return state, [leaves_by_name(state.learner)]
    state = jax.tree.map(
        lambda leaf: jnp.asarray(leaf) if eqx.is_array_like(leaf) else leaf,
        fill(state, {k.removeprefix("state"): a for k, a in arrays.items() if k.startswith("state")}),
    )
    stacks = {k.removeprefix("snapshot"): a for k, a in arrays.items() if k.startswith("snapshot")}
    print(f"going on from step {int(state.step)} of {path}", file=sys.stderr)
    count = len(next(iter(stacks.values())))
    return state, [{k: a[i] for k, a in stacks.items()} for i in range(count)]


def save_checkpoint(path: Path, state: State, snapshots: Sequence[Snapshot], digest: str) -> None:
    """Write the state and all snapshots up to it."""
    stacks = {f"snapshot{k}": np.stack([s[k] for s in snapshots]) for k in snapshots[0]}
    arrays = {f"state{name}": leaf for name, leaf in leaves_by_name(state).items()}
    save_arrays(path, arrays | stacks, format="checkpoint", digest=digest)
