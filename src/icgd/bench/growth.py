"""How cost grows: training with seeds, context and dimension, memory with prompts, Snakemake with jobs.

Times are those of the processor. Each measurement belongs into a process of its own (`apart`), so that one
does not find what another has compiled or allocated.
"""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from icgd.results.digest import ROOT
from icgd.results.paths import Paths
from icgd.spec.config import load
from icgd.spec.plan import Plan

SEEDS = (1, 3, 10, 30, 100)
CONTEXTS = (10, 30, 100, 300, 1000)
DIMENSIONS = (2, 5, 10, 20, 40)
PROMPTS = (1000, 4000, 16_000, 64_000)
JOBS = (50, 200, 1000, 5000)
BATCH = 128
"""Prompts of a step; of these there is room for a context of a thousand examples."""
LEARNERS = {"linear attention": "one_step/transformer", "softmax attention": "softmax/softmax_1"}
DUMMIES = """\
include: "{conduct}"


rule all:
    input:
        [f"made/{{number}}" for number in range({count})],


rule dummy:
    output:
        touch("made/{{number}}"),
"""
Row = dict[str, Any]


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """A call in a process of its own, on one thread unless NPROC says otherwise."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def step_seconds(learner: str, seeds: int = 1, **options: int) -> float:
    """Processor seconds of a step of training of all seeds, on a task with some other options."""
    from icgd.bench.speed import Case, speed

    plan = Plan(load([]), Paths("results/bench"), {})
    experiment, _, name = learner.partition("/")
    case = Case.of(plan, experiment, name, seeds)
    training = replace(case.training, batch=BATCH)
    case = replace(case, task=replace(case.task, **options), training=training)  # type: ignore[type-var]
    return 1.0 / speed(case)["steps_per_s"]


def peak_mb(prompts: int) -> float:
    """Peak memory of a process that evaluates a layer on so many prompts, which lie in memory, too."""
    import equinox as eqx
    import jax

    from icgd.analysis.distances import predict
    from icgd.spec.build import build_learner, build_task

    plan = Plan(load([]), Paths("results/bench"), {})
    spec, _ = plan.training("one_step", "test", "transformer", [0])
    task = build_task(spec["task"])
    drawn, _ = jax.vmap(task.sample)(jax.random.split(jax.random.key(0), prompts))
    learners = eqx.filter_vmap(partial(build_learner, spec["learner"], task))(
        jax.random.split(jax.random.key(1), 5)
    )
    jax.block_until_ready(predict(learners, drawn))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def snakemake_seconds(jobs: int) -> float:
    """Processor seconds of a run of so many jobs that do nothing, under the project's conduct."""
    with tempfile.TemporaryDirectory() as folder:
        conduct = ROOT / "workflow" / "rules" / "conduct.smk"
        Path(folder, "workflow").mkdir()
        Path(folder, "src").symlink_to(ROOT / "src")
        Path(folder, "Snakefile").write_text(DUMMIES.format(conduct=conduct, count=jobs), "utf-8")
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured() -> Iterator[Row]:
    """All measurements, one after another: what grows, whose cost it is, and both values."""
    linear = LEARNERS["linear attention"]
    for seeds in SEEDS:
        yield _row("seeds", "linear attention", seeds, "step (ms)", 1e3 * apart(step_seconds, linear, seeds))
    for name, learner in LEARNERS.items():
        for length in CONTEXTS:
            call = partial(step_seconds, learner, context_length=length)
            yield _row("context length", name, length, "step (ms)", 1e3 * apart(call))
        for dimension in DIMENSIONS:
            call = partial(step_seconds, learner, dimension=dimension)
            yield _row("dimension", name, dimension, "step (ms)", 1e3 * apart(call))
    for prompts in PROMPTS:
        yield _row(
            "evaluation prompts", "linear attention", prompts, "peak memory (MB)", apart(peak_mb, prompts)
        )
    for jobs in JOBS:
        yield _row("jobs", "Snakemake", jobs, "processor (s)", apart(snakemake_seconds, jobs))


def _row(grows: str, series: str, size: int, unit: str, cost: float) -> Row:
    return {"grows": grows, "series": series, "size": size, "unit": unit, "cost": cost}
