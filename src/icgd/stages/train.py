"""Stage: train a block of seeds of one learner, going on from where a killed run stopped."""

import hashlib
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from tqdm import tqdm

from icgd.results.store import ArtefactError, load_arrays, save_arrays
from icgd.spec.build import (
    build_learner,
    build_task,
    fill,
    leaves_by_name,
    load_blocks,
    save_learner,
    start_from,
)
from icgd.randomness import named_key
from icgd.stages.arguments import StageError, run_stage
from icgd.task import Task
from icgd.training.loop import NonFiniteLossError, State, Training, initial_state, train

CHECKPOINT_SECONDS = 5.0
"""The least time between two checkpoints, and two lines of progress."""


def _load_checkpoint(path: Path, state: State, digest: str) -> tuple[State, list[dict[str, Any]]]:
    """The state and snapshots of an unfinished run with the same spec, or a fresh start."""
    if not path.exists():
        return state, [leaves_by_name(state.learner)]
    try:
        arrays, header = load_arrays(path, "checkpoint")
    except ArtefactError as error:
        print(f"starting afresh: {error}", file=sys.stderr)
        return state, [leaves_by_name(state.learner)]
    if header["digest"] != digest:
        print(f"starting afresh: {path} is of another spec or code", file=sys.stderr)
        return state, [leaves_by_name(state.learner)]
    state = jax.tree.map(
        lambda leaf: jnp.asarray(leaf) if eqx.is_array_like(leaf) else leaf,
        fill(state, {k[5:]: a for k, a in arrays.items() if k[:5] == "state"}),
    )
    stacks = {k[8:]: a for k, a in arrays.items() if k[:8] == "snapshot"}
    print(f"going on from step {int(state.step)} of {path}", file=sys.stderr)
    count = len(next(iter(stacks.values())))
    return state, [{k: a[i] for k, a in stacks.items()} for i in range(count)]


def _save_checkpoint(path: Path, state: State, snapshots: list[dict[str, Any]], digest: str) -> None:
    stacks = {f"snapshot{k}": np.stack([s[k] for s in snapshots]) for k in snapshots[0]}
    arrays = {f"state{name}": leaf for name, leaf in leaves_by_name(state).items()}
    save_arrays(path, arrays | stacks, format="checkpoint", digest=digest)


class _Progress:
    """A bar on a terminal, lines in a log; both with the mean loss over seeds."""

    def __init__(self, name: str, start: int, total: int) -> None:
        self.name, self.total = name, total
        self.bar = tqdm(initial=start, total=total, disable=not sys.stderr.isatty(), desc=name)

    def show(self, state: State) -> None:
        loss = float(jnp.mean(state.loss))
        self.bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        self.bar.update(int(state.step) - self.bar.n)
        if self.bar.disable:
            self.bar.n = int(state.step)
            line = f"{self.name}: step {int(state.step)}/{self.total}, training loss {loss:.5f}"
            print(line, file=sys.stderr, flush=True)


def _start(learners: Any, paths: list[Path], seeds: list[int]) -> Any:
    """Learners with what other trained ones ended at as their base, seed by seed."""
    if not paths:
        return learners
    found, _, known = load_blocks(paths)
    last = jax.tree.map(lambda a: jnp.asarray(a[-1, np.searchsorted(known, seeds)]), found)
    try:
        return start_from(learners, last, str(paths[0]))
    except ValueError as error:
        raise StageError(f"{error}; check the keys kind and start, and the options of both") from None


def untrained(spec: dict[str, Any], start: list[Path]) -> tuple[Any, Task, Array]:
    """The learners of a spec's seeds before training, its task, and each seed's key for its prompts."""
    task = build_task(spec["task"], **spec["learner"].get("task", {}))
    name = (spec["experiment"], spec["variant"], spec["name"])
    keys = [named_key(spec["seed"], *name, seed) for seed in spec["seeds"]]
    build = eqx.filter_vmap(lambda key: build_learner(spec["learner"], task, key))
    init_keys, data_keys = jax.vmap(jax.random.split, out_axes=1)(jnp.stack(keys))
    return _start(eqx.filter_jit(build)(init_keys), start, spec["seeds"]), task, data_keys


def main(spec: dict[str, Any], start: list[Path], output: Path) -> None:
    """Write the weights of every snapshot, stacked [snapshots, seeds, …], and their steps."""
    start_time = time.perf_counter()
    training = Training(**spec["learner"]["training"])
    name, seeds = (spec["experiment"], spec["variant"], spec["name"]), spec["seeds"]
    learners, task, data_keys = untrained(spec, start)
    first = eqx.filter_jit(lambda learners: initial_state(learners, training))(learners)

    checkpoint = output.with_suffix(".checkpoint.npz")
    inputs = [json.dumps(spec, sort_keys=True).encode(), *(path.read_bytes() for path in start)]
    digest = hashlib.sha256(b"".join(inputs)).hexdigest()
    state, snapshots = _load_checkpoint(checkpoint, first, digest)
    progress = _Progress("/".join(name), int(state.step), training.steps)
    saved = -math.inf
    try:
        for state in train(state, task, training, data_keys, seeds):  # noqa: B020
            snapshots.append(leaves_by_name(state.learner))
            if time.perf_counter() - saved > CHECKPOINT_SECONDS:
                _save_checkpoint(checkpoint, state, snapshots, digest)
                saved = time.perf_counter()
                progress.show(state)
    except NonFiniteLossError as error:
        _save_checkpoint(checkpoint, state, snapshots, digest)
        raise StageError(f"{'/'.join(name)}: {error}; kept in {checkpoint}") from None
    progress.show(state)
    stacked = fill(first.learner, {k: np.stack([s[k] for s in snapshots]) for k in snapshots[0]})
    steps, numbers = np.array(training.snapshot_steps()), np.array(seeds)
    save_learner(output, stacked, spec["learner"], spec["task"], steps=steps, seeds=numbers)
    checkpoint.unlink(missing_ok=True)
    print(f"done in {time.perf_counter() - start_time:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    run_stage(main, start="paths", output="trained learners")
