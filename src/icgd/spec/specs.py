"""Specs of jobs as files: inputs of the jobs, whose age tells Snakemake what to run again.

A spec's file has its digest in its name. What a job made is up to date if the spec with today's digest is
older than it; a job that has run forgets all other specs of its place. So a run can be carried to another
machine with its results alone, and an edit that is taken back runs nothing again.
"""

from pathlib import Path

from icgd.results.job import Job
from icgd.results.paths import Paths
from icgd.results.store import write_text


def spec_file(paths: Paths, job: Job) -> Path:
    """Where the spec of a job is."""
    plain = Path(paths.spec(job.rule, job.name))
    return plain.with_name(f"{plain.stem}.{job.digest}.json")


def write_spec(paths: Paths, job: Job) -> Path:
    """The file of a job's spec, written if there is none of this digest."""
    path = spec_file(paths, job)
    if not path.exists():
        write_text(path, job.text())
    return path
