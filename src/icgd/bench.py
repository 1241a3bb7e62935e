"""Benchmark of training: speed, efficiency, time to target, memory, and growth with each size.

Run by `make bench`, on one thread unless NPROC says otherwise. Not a test: timings are the machine's.
"""

import dataclasses
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib
import matplotlib.pyplot as plt
import pandas as pd

from icgd.artefacts import replacing, save_table
from icgd.learners.base import Learner
from icgd.learners.construction import gradient_step
from icgd.learners.transformer import linear_transformer
from icgd.plots.style import STYLE
from icgd.tasks.linear import LinearRegression
from icgd.training import State, Training, initial_state, make_advance

STEPS, TARGET = 200, 0.01
BASE = {"dimension": 10, "context_length": 10, "layers": 1, "batch": 512, "seeds": 1}
SWEEPS = {
    "dimension": [5, 10, 20, 30],
    "context_length": [5, 10, 20, 40],
    "layers": [1, 2, 4],
    "batch": [128, 512, 2048],
    "seeds": [1, 2, 5],
}
TRAINING = Training(steps=2000, batch=512, learning_rate=0.02, weight_decay=0.2)


def matmul_rate(size: int = 1024, repeats: int = 20) -> float:
    """Floating-point operations per second of a square float32 product."""
    matrix = jax.random.normal(jax.random.key(0), (size, size), jnp.float32)
    product = jax.jit(jnp.matmul)
    product(matrix, matrix).block_until_ready()
    start = time.perf_counter()
    for _ in range(repeats):
        product(matrix, matrix).block_until_ready()
    return 2 * size**3 * repeats / (time.perf_counter() - start)


def prepare(case: dict[str, int]) -> tuple[LinearRegression, Training, State, jax.Array]:
    """Task, training, initial state and keys of a case."""
    task = LinearRegression(dimension=case["dimension"], context_length=case["context_length"])
    training = dataclasses.replace(TRAINING, batch=case["batch"])
    keys = jax.random.split(jax.random.key(0), case["seeds"])
    scale = 0.3 if case["layers"] == 1 else 0.05  # deep stacks are unstable at 0.3
    learners = eqx.filter_vmap(
        lambda key: linear_transformer(task, key, layers=case["layers"], initial_scale=scale)
    )(keys)
    return task, training, initial_state(learners, training), keys


def attention_flops(case: dict[str, int]) -> float:
    """Products of one training step, forward and backward (3 × forward), in both update and read."""
    n, e = case["context_length"], case["dimension"] + 1
    token = 2 * (4 * e**2) + 4 * n * e
    tokens = (case["layers"] - 1) * (n + 1) + 1
    forward = tokens * token + case["layers"] * n * 4 * e**2
    return 3.0 * case["batch"] * case["seeds"] * forward


def measure(case: dict[str, int], rate: float) -> dict[str, float]:
    """Compile time and speed of one case."""
    task, training, state, keys = prepare(case)
    advance = make_advance(task, training, keys)
    start = time.perf_counter()
    state = jax.block_until_ready(advance(state, jnp.asarray(1, jnp.int32)))
    compiled = time.perf_counter()
    jax.block_until_ready(advance(state, jnp.asarray(1 + STEPS, jnp.int32)))
    seconds = time.perf_counter() - compiled
    return {
        "compile_s": compiled - start,
        "steps_per_s": STEPS / seconds,
        "prompts_per_s": STEPS * case["batch"] * case["seeds"] / seconds,
        "matmul_fraction": attention_flops(case) * STEPS / seconds / rate,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def time_to_target() -> float:
    """Seconds from a cold start of training to within 1 % of the step's loss, one seed."""
    task, training, state, keys = prepare(BASE)
    prompts, targets = jax.vmap(task.sample)(jax.random.split(jax.random.key(1), 32768))

    @eqx.filter_jit
    def loss(learner: Learner) -> jax.Array:
        return jnp.mean((jax.vmap(learner)(prompts) - targets) ** 2)

    goal = (1 + TARGET) * loss(gradient_step(task, keys[0]))
    start = time.perf_counter()
    advance = make_advance(task, training, keys)
    for step in training.snapshot_steps()[1:]:
        state = advance(state, jnp.asarray(step, jnp.int32))
        if loss(jax.tree.map(lambda a: a[0], state.learner)) < goal:
            return time.perf_counter() - start
    return float("inf")


def cases() -> Iterator[tuple[str, dict[str, int]]]:
    """The base case with one size at a time changed."""
    for name, values in SWEEPS.items():
        for value in values:
            yield name, BASE | {name: value}


def main(folder: Path) -> None:
    """Print the table, and write bench.csv and bench.png."""
    matplotlib.use("agg")
    rate = matmul_rate()
    print(f"matrix multiply: {rate / 1e9:.1f} Gflop/s")
    print(f"time to within {TARGET:.0%} of one step, compilation included: {time_to_target():.1f} s")
    table = pd.DataFrame([{"varied": name, **case, **measure(case, rate)} for name, case in cases()])
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3g}"))
    save_table(folder / "bench.csv", table)
    with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
        figure, axes = plt.subplots(1, len(SWEEPS), figsize=(7, 1.8), sharey=True)
        for panel, name in zip(axes, SWEEPS, strict=True):
            rows = table[table["varied"] == name]
            panel.plot(rows[name], 1000 / rows["steps_per_s"], "o-", color="#0072B2")
            panel.set(xlabel=name.replace("_", " "), xscale="log", yscale="log")
        axes[0].set_ylabel("time per step (ms)")
        with replacing(folder / "bench.png") as temporary:
            figure.savefig(temporary, dpi=200)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
