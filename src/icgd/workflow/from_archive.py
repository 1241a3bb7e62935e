"""Figures and the PDF from the archive of a run, without training.

The plan is this checkout's own, for the config that the archive names; of the archive only data are read.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from icgd.results.archive import FORMAT, ArchiveError, unpack
from icgd.results.digest import ROOT
from icgd.results.job import Job
from icgd.results.records import DIGEST
from icgd.results.store import write_text
from icgd.spec.config import own_studies
from icgd.spec.reading import ConfigError, one_of
from icgd.workflow.run import PUBLISHED, Run, start

RULES = ("figure", "table", "claims", "verdicts", "numbers", "paper")
"""What is made anew. All else is taken from the archive: no other rule is allowed to run."""
PAPER = "paper"
"""The name of the PDF beside those of figures."""


def open_archive(archive: Path, folder: Path) -> Run:
    """Unpack an archive into `folder`; its run, as this checkout plans it. `ArchiveError` if that fails."""
    unpack(archive, folder)
    try:
        run, revision = _planned(folder)
    except (ConfigError, OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(
            f"{archive} holds the results of no run that this checkout knows: {error}"
        ) from None
    if different := list(differing(folder, run)):
        raise ArchiveError(
            f"{archive} was made by other code or packages: {different[0]}, and {len(different) - 1} tables "
            f"more, are not those of this checkout. Check out its revision, {revision}, and repeat this"
        )
    return run


def _planned(folder: Path) -> tuple[Run, str]:
    about = json.loads((folder / "archive.json").read_text("utf-8"))
    if about["format"] != FORMAT:
        raise ValueError(f"its format is {about['format']!r}")
    if own := own_studies(about["overrides"]):
        raise ValueError(f"the study {own[0]} is not in the repository")
    if about["run"] == PUBLISHED.stem and not about["overrides"]:
        return start([], {}), str(about["revision"])
    file = folder / "config" / f"{about['run']}.yaml"
    if file.parent != folder / "config":
        raise ValueError(f"its run is called {about['run']!r}")
    write_text(file, json.dumps(about["overrides"], ensure_ascii=False))
    return start([file], {}), str(about["revision"])


def differing(folder: Path, run: Run) -> Iterator[Path]:
    """Tables in an unpacked archive that are missing, or from jobs other than those of a run."""
    jobs: Iterable[Job] = [*(j for j in run.jobs.values() if j.rule == "compare"), run.products.metrics]
    for job in jobs:
        place = next(path for path in job.outputs.values() if path.suffix == ".parquet")
        if _digest(folder / place) != job.digest:
            yield place


def _digest(table: Path) -> str:
    try:
        return (pq.read_schema(table).metadata or {}).get(DIGEST, b"").decode()
    except (OSError, pa.ArrowException):
        return "unreadable"


def targets(run: Run, names: list[str]) -> list[str]:
    """Files of the named figures, or of all and the PDF; `ConfigError` names the nearest."""
    known = {name: str(job.outputs["pdf"]) for name, job in run.products.figures.items()}
    known[PAPER] = str(run.products.paper.outputs["output"])
    for name in names:
        one_of(name, known, "the figure")
    return [known[name] for name in names or known]


def make(folder: Path, run: Run, files: list[str]) -> int:
    """Let Snakemake make files from what is in `folder`; its exit code."""
    command: list[Any] = [sys.executable, "-m", "snakemake", "--cores", "all", "--quiet", "rules", "host"]
    command += ["--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--configfile", ROOT / run.file] if run.file else []
    command += ["--allowed-rules", *RULES, "--", *files]
    process = subprocess.Popen([str(word) for word in command])
    before = signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGTERM, before)
