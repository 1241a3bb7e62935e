"""How cost grows: training with seeds, context and dimension, memory with prompts, Snakemake with jobs.

Times are those of the processor. Each measurement belongs into a process of its own (`apart`), so that one
does not find what another has compiled or allocated.
"""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from icgd.results.digest import ROOT
from icgd.results.paths import Paths
from icgd.spec.config import load
from icgd.spec.expansion import LAW
from icgd.spec.plan import Plan

SEEDS = (1, 3, 10, 30, 100)
CONTEXTS = (10, 30, 100, 300, 1000)
DIMENSIONS = (2, 5, 10, 20, 40)
PROMPTS = (1000, 4000, 16_000, 64_000)
JOBS = (50, 200, 1000, 5000)
BATCH = 128
"""Prompts of a step; of these there is room for a context of a thousand examples."""
BLOCK = 1000
"""Prompts that are drawn at a time."""
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


def peak_mb(learner: str, prompts: int) -> float:
    """Peak memory of a process that evaluates a learner on so many prompts, less that of the prompts."""
    import equinox as eqx
    import jax

    from icgd.analysis.distances import predict
    from icgd.spec.build import build_learner, build_task

    plan = Plan(load([]), Paths("results/bench"), {})
    experiment, _, name = learner.partition("/")
    spec, _ = plan.training(experiment, LAW, name, [0])
    task = build_task(spec["task"])
    drawn = stored(task, prompts)
    learners = eqx.filter_vmap(partial(build_learner, spec["learner"], task))(
        jax.random.split(jax.random.key(1), 5)
    )
    jax.block_until_ready(predict(learners, drawn))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return (peak - sum(leaf.nbytes for leaf in jax.tree.leaves(drawn))) / 2**20


def stored(task: Any, prompts: int) -> Any:
    """So many prompts, drawn a block at a time into their place: drawing takes no more room than they do."""
    import jax
    import numpy as np

    draw = jax.jit(jax.vmap(lambda key: task.sample(key)[0]))
    whole = None
    for start in range(0, prompts, BLOCK):
        block = draw(jax.random.split(jax.random.key(start), min(BLOCK, prompts - start)))
        if whole is None:
            whole = jax.tree.map(lambda a: np.empty((prompts, *a.shape[1:]), a.dtype), block)
        for place, part in zip(jax.tree.leaves(whole), jax.tree.leaves(block), strict=True):
            place[start : start + len(part)] = part
    return whole


def snakemake_seconds(jobs: int) -> float:
    """Processor seconds of a run of so many jobs that do nothing, under the project's conduct."""
    with tempfile.TemporaryDirectory() as folder:
        conduct = ROOT / "workflow" / "rules" / "conduct.smk"
        Path(folder, "Snakefile").write_text(DUMMIES.format(conduct=conduct, count=jobs), "utf-8")
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(learners: Mapping[str, str]) -> Iterator[Row]:
    """All measurements, one after another: what grows, whose cost it is, and both values.

    `learners` are experiment/learner by the name of their kind; seeds and prompts grow for the first one.
    """
    kind, first = next(iter(learners.items()))
    for seeds in SEEDS:
        yield _row("seeds", kind, seeds, "step (ms)", 1e3 * apart(step_seconds, first, seeds))
    for name, learner in learners.items():
        for length in CONTEXTS:
            call = partial(step_seconds, learner, context_length=length)
            yield _row("context length", name, length, "step (ms)", 1e3 * apart(call))
        for dimension in DIMENSIONS:
            call = partial(step_seconds, learner, dimension=dimension)
            yield _row("dimension", name, dimension, "step (ms)", 1e3 * apart(call))
    for prompts in PROMPTS:
        peak = apart(peak_mb, first, prompts)
        yield _row("evaluation prompts", kind, prompts, "peak memory less prompts (MB)", peak)
    for jobs in JOBS:
        yield _row("jobs", "Snakemake", jobs, "processor (s)", apart(snakemake_seconds, jobs))


def _row(grows: str, series: str, size: int, unit: str, cost: float) -> Row:
    return {"grows": grows, "series": series, "size": size, "unit": unit, "cost": cost}
