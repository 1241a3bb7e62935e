"""Stage: train a block of seeds of one learner, going on from where a killed run stopped."""

import contextlib
import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from tqdm import tqdm

from icgd.randomness import named_key
from icgd.results.job import Artefact, Job
from icgd.results.store import ArtefactError, load_arrays, save_arrays
from icgd.spec.build import build_learner, build_task, leaves_by_name, load_blocks, save_weights, start_from
from icgd.stages.errors import StageError
from icgd.task import Task
from icgd.training.checkpoint import Snapshot, load_checkpoint, save_checkpoint
from icgd.training.loop import NonFiniteLossError, State, Training, initial_state, train
from icgd.workflow import interrupts

CHECKPOINT_SECONDS = 5.0
"""The least time between two checkpoints, and two lines of progress."""


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


def _started(learners: Any, files: Sequence[Artefact], seeds: list[int]) -> Any:
    """Learners with what other trained ones ended at as their base, seed by seed."""
    if not files:
        return learners
    found, _, known = load_blocks(files)
    last = jax.tree.map(lambda a: jnp.asarray(a[-1, np.searchsorted(known, seeds)]), found)
    try:
        return start_from(learners, last, str(files[0].path))
    except ValueError as error:
        raise StageError(f"{error}; check the keys kind and start, and the options of both") from None


def untrained(spec: Mapping[str, Any], seeds: list[int], *, trial: str = "") -> tuple[Any, Task, Array]:
    """The learners of some seeds before training, the task, and each seed's key for its prompts.

    A trial has keys of its own.
    """
    task = build_task(spec["task"], **spec["training_task"])
    experiment = f"{trial}/{spec['experiment']}" if trial else spec["experiment"]
    name = (experiment, spec["variant"], spec["key"])
    keys = [named_key(spec["seed"], *name, seed) for seed in seeds]
    build = eqx.filter_vmap(lambda key: build_learner(spec["learner"], task, key))
    init_keys, data_keys = jax.vmap(jax.random.split, out_axes=1)(jnp.stack(keys))
    return _started(eqx.filter_jit(build)(init_keys), spec["start"], seeds), task, data_keys


def main(job: Job) -> None:
    """Write the weights of every snapshot, stacked [snapshots, seeds, …], and their steps.

    As many seeds at once as the training says, one such group after another.
    """
    start_time = time.perf_counter()
    training, seeds = Training(**job.spec["training"]), job.spec["seeds"]
    at_once = training.seeds_at_once or len(seeds)
    groups = [seeds[first : first + at_once] for first in range(0, len(seeds), at_once)]
    parts = [_finished(job, training, group) for group in groups]
    stacked = {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}
    series = {"steps": np.array(training.snapshot_steps()), "seeds": np.array(seeds)}
    save_weights(job.outputs["output"], stacked, job.spec["learner"], job.spec["task"], job.digest, **series)
    for group in groups:
        _beside(job, group, "finished").unlink(missing_ok=True)
    print(f"done in {time.perf_counter() - start_time:.1f} s", file=sys.stderr)


def _beside(job: Job, seeds: list[int], what: str) -> Path:
    """A file of a group of seeds, beside the output, while the job is unfinished."""
    output = job.outputs["output"]
    return output.with_name(f"{output.stem}.{seeds[0]}-{seeds[-1]}.{what}.npz")


def _finished(job: Job, training: Training, seeds: list[int]) -> dict[str, np.ndarray]:
    """All snapshots of a group of seeds by path, trained now or before the job was killed."""
    done = _beside(job, seeds, "finished")
    with contextlib.suppress(ArtefactError):
        return load_arrays(Artefact(done, job.digest), "trained")[0]
    snapshots = _trained(job, training, seeds)
    stacked = {name: np.stack([snapshot[name] for snapshot in snapshots]) for name in snapshots[0]}
    save_arrays(done, stacked, format="trained", digest=job.digest)
    _beside(job, seeds, "checkpoint").unlink(missing_ok=True)
    return stacked


def _trained(job: Job, training: Training, seeds: list[int]) -> list[Snapshot]:
    """Snapshots of a group of seeds, from the last checkpoint on."""
    learners, task, data_keys = untrained(job.spec, seeds)
    first = eqx.filter_jit(lambda learners: initial_state(learners, training))(learners)
    checkpoint = _beside(job, seeds, "checkpoint")
    state, snapshots = load_checkpoint(checkpoint, first, job.digest)
    progress = _Progress(job.name, int(state.step), training.steps)
    saved, kept = -math.inf, set(training.snapshot_steps())
    try:
        with interrupts.deferred():
            for state in train(state, task, training, data_keys, seeds):  # noqa: B020
                if int(state.step) in kept:
                    snapshots.append(leaves_by_name(state.learner))
                told = interrupts.requested()
                if told or time.perf_counter() - saved > CHECKPOINT_SECONDS:
                    save_checkpoint(checkpoint, state, snapshots, job.digest)
                    saved = time.perf_counter()
                    progress.show(state)
                if told:
                    interrupts.leave(f"kept in {checkpoint}")
    except NonFiniteLossError as error:
        save_checkpoint(checkpoint, state, snapshots, job.digest)
        raise StageError(f"{job.name}: {error}; kept in {checkpoint}") from None
    progress.show(state)
    return snapshots
