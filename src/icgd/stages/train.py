"""Stage: train a block of seeds of one learner, going on from where a killed run stopped."""

import math
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from tqdm import tqdm

from icgd.randomness import named_key
from icgd.results import interrupts
from icgd.results.job import Artefact, Job
from icgd.spec.build import build_learner, build_task, fill, leaves_by_name, load_blocks, save_learner, start_from
from icgd.stages.entry import StageError
from icgd.task import Task
from icgd.training.checkpoint import load_checkpoint, save_checkpoint
from icgd.training.loop import NonFiniteLossError, State, Training, initial_state, train

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


def untrained(spec: Mapping[str, Any], *, trial: str = "") -> tuple[Any, Task, Array]:
    """The learners of a spec's seeds before training, its task, and each seed's key for its prompts.

    A trial has keys of its own.
    """
    task = build_task(spec["task"], **spec["training_task"])
    experiment = f"{trial}/{spec['experiment']}" if trial else spec["experiment"]
    name = (experiment, spec["variant"], spec["key"])
    keys = [named_key(spec["seed"], *name, seed) for seed in spec["seeds"]]
    build = eqx.filter_vmap(lambda key: build_learner(spec["learner"], task, key))
    init_keys, data_keys = jax.vmap(jax.random.split, out_axes=1)(jnp.stack(keys))
    return _started(eqx.filter_jit(build)(init_keys), spec["start"], spec["seeds"]), task, data_keys


def main(job: Job) -> None:
    """Write the weights of every snapshot, stacked [snapshots, seeds, …], and their steps."""
    start_time = time.perf_counter()
    spec, output = job.spec, job.outputs["output"]
    training, seeds = Training(**spec["training"]), spec["seeds"]
    learners, task, data_keys = untrained(spec)
    first = eqx.filter_jit(lambda learners: initial_state(learners, training))(learners)

    checkpoint = output.with_suffix(".checkpoint.npz")
    state, snapshots = load_checkpoint(checkpoint, first, job.digest)
    progress = _Progress(job.name, int(state.step), training.steps)
    saved = -math.inf
    try:
        with interrupts.deferred():
            for state in train(state, task, training, data_keys, seeds):  # noqa: B020
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
    stacked = fill(first.learner, {k: np.stack([s[k] for s in snapshots]) for k in snapshots[0]})
    series = {"steps": np.array(training.snapshot_steps()), "seeds": np.array(seeds)}
    task_spec = spec["task"]
    save_learner(output, stacked, spec["learner"], task_spec, job.digest, **series)
    checkpoint.unlink(missing_ok=True)
    print(f"done in {time.perf_counter() - start_time:.1f} s", file=sys.stderr)
