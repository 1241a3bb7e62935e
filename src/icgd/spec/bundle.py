"""The job that makes the archive of a run: all that its figures and its text can be made from again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from icgd.results.digest import ROOT, hash_of
from icgd.results.job import Artefact, Job
from icgd.spec.planned import planned
from icgd.spec.products import Products

TEXTS = ("requirements.lock", "LICENSE", "CITATION.cff")
"""Files of the repository that go along."""
KEPT = ("train", "baselines")
"""Rules whose output is kept as far as a comparison reads it; tables of comparisons are kept in any case."""


def archive_job(products: Products, overrides: Mapping[str, Any]) -> Job:
    """The archive; `overrides` are what the run changes in the published config."""
    plan, run = products.plan, products.run
    read = {path for job in plan.jobs.values() for path in job.inputs}
    jobs = [j for j in plan.jobs.values() if j.rule == "compare" or (j.rule in KEPT and read & _paths(j))]
    whole = [products.metrics, products.verdicts, products.provenance, products.costs]
    spec = {
        "run": run,
        "overrides": dict(overrides),
        "config": products.config.model_dump(mode="json", exclude={"homes"}),
        "prompts": {job.name: dict(job.spec) for job in plan.jobs.values() if job.rule == "prompts"},
        "data": [artefact for job in [*jobs, *whole] for artefact in _all(job)],
        "shown": [a for job in [*products.figures.values(), products.paper] for a in _all(job)],
        "texts": {n: hash_of((ROOT / n).read_text("utf-8")) for n in TEXTS if (ROOT / n).is_file()},
    }
    outputs = {suffix: Path(plan.paths.whole(f"icgd-{run}.{suffix}")) for suffix in ("tar.gz", "txt")}
    return planned(
        "archive", "all", spec, outputs, ["icgd.stages.archive"], settings={"root": plan.paths.root}
    )


def _paths(job: Job) -> set[str]:
    return {str(path) for path in job.outputs.values()}


def _all(job: Job) -> list[Artefact]:
    return [job.made(output) for output in job.outputs]
