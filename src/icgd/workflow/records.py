"""Who works in a folder: a record of each run and of each running job, under .snakemake/icgd."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from icgd.workflow.processes import Process

FOLDER = Path(".snakemake/icgd")
VARIABLE = "ICGD_RUN"
"""The environment variable that tells a job which process runs the workflow."""


@dataclass(frozen=True)
class Run:
    """A run that holds the lock: its process, when it began, the files it reads and writes."""

    process: Process
    since: str
    inputs: frozenset[str]
    outputs: frozenset[str]

    def conflicts(self, inputs: frozenset[str], outputs: frozenset[str]) -> bool:
        """Whether one of the two writes what the other reads or writes."""
        return bool(self.outputs & (inputs | outputs) or self.inputs & outputs)


def write_run(folder: Path, inputs: frozenset[str], outputs: frozenset[str]) -> Callable[[], None]:
    """Record that this process holds the lock; returns what takes the record away."""
    process = Process.current()
    record = {
        "process": process.to_json(),
        "since": time.strftime("%Y-%m-%d %H:%M"),
        "inputs": sorted(inputs),
        "outputs": sorted(outputs),
    }
    return _write(folder / "runs", process, json.dumps(record))


def write_job(folder: Path, run: Process) -> Callable[[], None]:
    """Record that this process is a running job of a run; returns what takes the record away."""
    process = Process.current()
    record = {"process": process.to_json(), "run": run.to_json()}
    return _write(folder / "jobs", process, json.dumps(record))


def runs(folder: Path) -> Iterator[tuple[Path, Run]]:
    """The recorded runs and their files, of whatever host, dead or alive."""
    for path, text in _read(folder / "runs"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            record = json.loads(text)
            process = Process.read(record["process"])
            files = (frozenset(record[key]) for key in ("inputs", "outputs"))
            yield path, Run(process, record["since"], *files)


def orphans(folder: Path) -> list[Process]:
    """Jobs of this host that outlive their run; the records of jobs that have ended are taken away."""
    found = []
    for path, text in _read(folder / "jobs"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            record = json.loads(text)
            job, run = (Process.read(record[key]) for key in ("process", "run"))
            if job.is_alive and not run.is_alive:
                found.append(job)
            elif job.is_here and not job.is_alive:
                path.unlink(missing_ok=True)
    return found


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """No two processes at once: of two that clean up after the same dead run, one would unlock the other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "guard").open("w") as guard:
        with contextlib.suppress(OSError):  # file systems without flock
            fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _write(folder: Path, process: Process, text: str) -> Callable[[], None]:
    folder.mkdir(parents=True, exist_ok=True)
    path = (folder / f"{process.host}.{process.pid}.json").absolute()
    temporary = path.with_suffix(".part")
    temporary.write_text(text)
    os.replace(temporary, path)  # noqa: PTH105

    return lambda: path.unlink(missing_ok=True)


def _read(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(FileNotFoundError):
            yield path, path.read_text()
