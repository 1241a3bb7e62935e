"""The lock of a run: taken from a run that has died, explained if another run holds it.

Snakemake's own lock says neither who holds it nor whether that process still lives. Its `lock` is
called by everything that writes and by nothing else (dry runs, --nolock and processes that run
single jobs replace it), so a record of the holder is kept around it.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError
from snakemake.persistence import PersistenceBase

from icgd.workflow import records

PATIENCE = 60.0
"""Seconds that a run waits for the jobs of a killed one to end."""


def install() -> None:
    """Let Snakemake's lock keep a record of its holder."""
    if not hasattr(PersistenceBase.lock, "recorded"):
        PersistenceBase.lock = _recorded(PersistenceBase.lock)
        PersistenceBase.cleanup_locks = _forgetting(PersistenceBase.cleanup_locks)


def _recorded(lock: Callable[..., Any]) -> Callable[..., Any]:
    @contextlib.contextmanager
    def held(self: Any) -> Iterator[None]:
        folder = Path(self.path) / "icgd"
        inputs, outputs = (frozenset(map(str, f())) for f in (self.all_inputfiles, self.all_outputfiles))
        with contextlib.ExitStack() as stack:
            with records.exclusive(folder):
                _admit(self, folder, inputs, outputs)
                stack.enter_context(lock(self))
                stack.callback(records.write_run(folder, inputs, outputs))
            _wait_for_orphans(folder)
            yield

    held.recorded = True  # type: ignore[attr-defined]
    return held


def _forgetting(cleanup_locks: Callable[..., None]) -> Callable[..., None]:
    def forget(self: Any) -> None:
        cleanup_locks(self)
        for path, _ in records.runs(Path(self.path) / "icgd"):
            path.unlink(missing_ok=True)

    return forget


def _admit(persistence: Any, folder: Path, inputs: frozenset[str], outputs: frozenset[str]) -> None:
    """Clean up after dead runs; WorkflowError if one that may live is at the same files."""
    dead = False
    for path, run in records.runs(folder):
        if run.process.is_here and not run.process.is_alive:
            path.unlink(missing_ok=True)
            dead = True
        elif run.conflicts(inputs, outputs):
            raise WorkflowError(_explain(run))
    if dead:
        persistence.unlock()
    # Snakemake's unlock removes the folder of all locks, also from under a run that is about to lock.
    Path(persistence.path, "locks").mkdir(exist_ok=True)


def _explain(run: records.Run) -> str:
    process = run.process
    who = f"process {process.pid} on {process.host}, since {run.since}"
    if process.is_here:
        return (
            f"Another run is at the same files in {Path.cwd()}: {who}. "
            f"Wait for it, or stop it (it keeps what it has): kill {process.pid}"
        )
    return (
        f"A run of another host or container is at the same files in {Path.cwd()}: {who}. Whether it "
        "still runs cannot be seen from here. If it has ended, repeat this command once with --unlock"
    )


def _wait_for_orphans(folder: Path) -> None:
    """Wait for the jobs of a killed run: they write the same files, and end soon after it."""
    deadline = time.monotonic() + PATIENCE
    announced = False
    while orphans := records.orphans(folder):
        numbers = " ".join(str(job.pid) for job in orphans)
        if time.monotonic() > deadline:
            raise WorkflowError(f"Jobs of a killed run still run. Wait for them, or end them: kill {numbers}")
        if not announced:
            print(f"Waiting for jobs of a killed run to end: {numbers}", file=sys.stderr, flush=True)
            announced = True
        time.sleep(0.2)
