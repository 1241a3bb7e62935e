"""Benchmark of training: every model family of config/paper.yaml, at its own settings.

Run by `make bench`, on one thread unless NPROC says otherwise. Each case runs in a process of its own,
so that times include imports and compilation and the peak memory is its own. Not a test: timings are
the machine's.
"""

import dataclasses
import math
import resource
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import NullFormatter

from icgd.plotting.axes import STYLE
from icgd.results.paths import Paths
from icgd.results.store import replacing
from icgd.results.tables import save_table
from icgd.spec.config import load
from icgd.spec.expansion import LAW
from icgd.spec.plan import Plan

STEPS = 100
EVALUATION = 8192
TARGETS = {
    "transformer": 1.01 * 0.2062,  # the optimal gradient step
    "transformer_recurrent_2": 1.03 * 0.1105,  # GD++, one rate
    "transformer_2": 1.03 * 0.0923,  # GD++, rates per step
    "transformer_recurrent_5": 1.1 * 0.0518,  # GD++, one rate
    "transformer_5": 0.052,
    "transformer_12": 0.02,
    "transformer_12_norm": 0.12,
    "softmax_1": 0.30,
    "softmax_2": 0.225,
    "softmax_2x2": 0.145,
    "wave_transformer": 0.001423,  # the best gradient step on any features
    "wave_transformer_2": 0.0001,
    "meta": 1.05 * 0.001423,
    "pairs": 0.2062,  # the optimal gradient step
    "two_layers": 1.5,  # nats per token
    "linear_second": 1.8,
    "prompted": 0.02,  # an error of about 0.06
}
"""Held-out losses, predictions of labels bounded, whose time is measured."""
SIZES = ("context_length", "dimension", "depth", "batch", "seeds")


def families() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Task and training spec of every family with a target, from the published config."""
    config = load([])
    plan = Plan(config, Paths("results/bench"), {})
    homes = {
        learner: name
        for name, experiment in reversed(config.experiments.items())
        for learner in experiment.trained
    }
    found = {}
    for learner in TARGETS:
        spec, _ = plan.training(homes[learner], LAW, learner, [0])
        found[learner] = (spec["task"], {k: spec[k] for k in ("learner", "training", "training_task")})
    return found


def doubled(
    task: Mapping[str, Any], spec: Mapping[str, Any], size: str
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The case with one of its sizes doubled; None if it has no such size."""
    training = {"batch": "batch", "seeds": "seeds_per_job"}
    options = dict(spec["learner"]["options"])
    depth = "repeats" if options.get("repeats", 1) > 1 else "layers"
    if size in task["options"]:
        larger = task["options"] | {size: 2 * task["options"][size]}
        return dict(task) | {"options": larger}, dict(spec)
    if size in training:
        changed = {training[size]: 2 * spec["training"][training[size]]}
        return dict(task), dict(spec) | {"training": spec["training"] | changed}
    if size == "depth" and depth in options:
        larger = options | {depth: 2 * options[depth]}
        return dict(task), dict(spec) | {"learner": spec["learner"] | {"options": larger}}
    return None


def flops_per_prompt(learner: Any, task: Any, training: Any) -> float:
    """Operations of one training step per prompt, drawing it included, as XLA counts them."""
    import equinox as eqx
    import jax

    from icgd.training.loop import CHUNK, loss_and_gradient

    batch = math.gcd(training.batch, CHUNK)  # one chunk: XLA counts the body of a loop once
    weights, rest = eqx.partition(learner, eqx.is_array)

    def one(weights: Any, key: jax.Array) -> Any:
        chunk = dataclasses.replace(training, batch=batch)
        return loss_and_gradient(eqx.combine(weights, rest), task, key, chunk)

    cost = jax.jit(one).lower(weights, jax.random.key(0)).cost_analysis()
    assert cost is not None
    return float(cost["flops"]) / batch


def speed(task_spec: dict[str, Any], spec: dict[str, Any]) -> dict[str, float]:
    """Compile time, speed and peak memory of one case."""
    import equinox as eqx
    import jax

    state, keys, advance, training, task = _prepare(task_spec, spec)
    one = jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, state.learner)
    start = time.perf_counter()
    state = jax.block_until_ready(advance(state, keys, jax.numpy.int32(1)))
    compiled = time.perf_counter()
    jax.block_until_ready(advance(state, keys, jax.numpy.int32(1 + STEPS)))
    seconds = time.perf_counter() - compiled
    prompts = STEPS * training.batch * training.seeds_per_job
    return {
        "compile_s": compiled - start,
        "steps_per_s": STEPS / seconds,
        "prompts_per_s": prompts / seconds,
        "gflops": flops_per_prompt(one, task, training) * prompts / seconds / 1e9,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def time_to(target: float, task_spec: dict[str, Any], spec: dict[str, Any]) -> float:
    """Seconds to a held-out loss for one seed, from the start of imports; infinite if not reached.

    The loss of linear regression is that on a few prompts, times the ratio of the known loss of a
    gradient step to its loss on the same prompts, which takes out most of the sampling error.
    """
    start = time.perf_counter()
    import equinox as eqx
    import jax

    from icgd.algorithms.descent import gradient_step
    from icgd.analysis.distances import bounded, divergence_bound
    from icgd.models.fast_linear import predictions
    from icgd.task import RegressionTask
    from icgd.tasks.linear_regression import LinearRegression
    from icgd.theory.linear import gradient_step_loss

    spec["training"] = spec["training"] | {"seeds_per_job": 1}
    state, keys, advance, training, task = _prepare(task_spec, spec)
    prompts, targets = jax.vmap(task.sample)(jax.random.split(jax.random.key(1), EVALUATION))

    @eqx.filter_jit
    def loss(learner: Any) -> Any:
        found = predictions(learner, prompts)
        if isinstance(task, RegressionTask):
            found = bounded(found, divergence_bound(targets))
        return jax.vmap(task.loss)(found, targets).mean()

    if isinstance(task, LinearRegression):
        step = gradient_step(task, keys[0])
        target *= loss(step) / gradient_step_loss(task, float(step.learning_rates[0]))
    for part in range(1, 51):
        state = advance(state, keys, jax.numpy.int32(training.steps * part // 50))
        if loss(jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, state.learner)) < target:
            return time.perf_counter() - start
    return float("inf")


def _prepare(task_spec: dict[str, Any], spec: dict[str, Any]) -> Any:
    import equinox as eqx
    import jax

    from icgd.spec.build import build_learner, build_task
    from icgd.training.loop import Training, initial_state, make_advance

    task = build_task(task_spec, **spec["training_task"])
    training = Training(**spec["training"])
    keys = jax.random.split(jax.random.key(0), training.seeds_per_job)
    learners = eqx.filter_vmap(lambda key: build_learner(spec["learner"], task, key))(keys)
    return initial_state(learners, training), keys, make_advance(task, training), training, task


def matmul_rate(size: int = 1024, repeats: int = 20) -> float:
    """Gflop/s of a square float32 product."""
    import jax

    matrix = jax.random.normal(jax.random.key(0), (size, size), jax.numpy.float32)
    product = jax.jit(jax.numpy.matmul)
    product(matrix, matrix).block_until_ready()
    start = time.perf_counter()
    for _ in range(repeats):
        product(matrix, matrix).block_until_ready()
    return 2e-9 * size**3 * repeats / (time.perf_counter() - start)


def measure() -> pd.DataFrame:
    """One row per family: speed at its own settings, time to target, growth when a size doubles."""
    rows = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        rate = pool.submit(matmul_rate).result()
        print(f"matrix multiply: {rate:.1f} Gflop/s", flush=True)
        for name, case in families().items():
            base = pool.submit(speed, *case).result()
            row: dict[str, Any] = {"family": name, **base}
            row["matmul_fraction"] = row.pop("gflops") / rate
            row["target"] = TARGETS[name]
            row["target_s"] = pool.submit(time_to, TARGETS[name], *case).result()
            for size in SIZES:
                larger = doubled(*case, size)
                grown = pool.submit(speed, *larger).result()["steps_per_s"] if larger else math.nan
                row[f"{size}_x2"] = base["steps_per_s"] / grown
            rows.append(row)
            print(pd.DataFrame([row]).to_string(index=False, float_format="{:.3g}".format), flush=True)
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Left the time per prompt, middle the time to target, right the growth when a size doubles."""
    looks = load([]).looks
    names = [looks[name].model or looks[name].label for name in table["family"]]
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(1, 3, figsize=(7, 2.6), sharey=True)
        axes[0].plot(1e6 / table["prompts_per_s"], names, "o", color="#0072B2")
        axes[1].plot(table["target_s"], names, "s", color="#D55E00")
        for size, marker in zip(SIZES, "o^sDv", strict=True):
            axes[2].plot(table[f"{size}_x2"], names, marker, fillstyle="none", label=size.replace("_", " "))
        axes[0].set(xlabel=r"time per prompt ($\mu$s)", xscale="log")
        axes[1].set(xlabel="time to target (s)", xscale="log")
        axes[2].set(xlabel="time per step when doubled")
        for panel in axes[:2]:
            panel.xaxis.set_minor_formatter(NullFormatter())
            panel.grid(axis="x", which="both", linewidth=0.3)
        axes[2].legend(fontsize=6, loc="upper left", bbox_to_anchor=(1, 1))
        axes[0].invert_yaxis()
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=200)


def main(folder: Path) -> None:
    """Print the table, and write bench.csv and bench.png."""
    mpl.use("agg")
    table = measure()
    print(table.to_string(index=False, float_format="{:.3g}".format))
    save_table(folder / "bench.csv", table)
    draw(table, folder / "bench.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
