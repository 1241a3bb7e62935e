"""What the Snakefile calls: while it is parsed, when the first job starts, when the last has ended."""

import atexit
import contextlib
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from snakemake.settings.types import RerunTrigger

from icgd.workflow import lock
from icgd.workflow.failures import Failures, outlive_readers
from icgd.workflow.processes import Process
from icgd.workflow.records import VARIABLE
from icgd.workflow.stopping import Stopping


class Conduct:
    """How a run behaves. Processes that Snakemake starts for single jobs leave that to the first one."""

    def __init__(self, workflow: Any) -> None:
        self.workflow = workflow
        self.began = time.time() - time.process_time()
        self.folder = Path.cwd()  # Snakemake leaves the one of --directory before exiting
        self.record: str | None = None
        """Where to say what the main process itself has cost, once jobs were run."""
        self.started = False
        self.stopping = Stopping(workflow)
        if workflow.is_main_process:
            gc.disable()  # until jobs are run: planning makes much that stays, and little garbage
            os.environ[VARIABLE] = Process.current().to_json()
            lock.install()
            outlive_readers()
            self.failures = Failures(workflow)
            atexit.register(self.close)
            sys.excepthook = _one_line_for_interrupts

    def decide_reruns(self) -> None:
        """While the Snakefile is parsed: say what Snakemake is to go by, once it has its own settings.

        A job is run again if its spec, or what it reads, is newer than what it made. Specs hold the digest of
        code, packages and options. Snakemake's own records know less (the text of commands, which names this
        folder and this Python) and do not travel with the results. Artefacts are whole or absent: what a
        killed run left is made again without being asked about.
        """
        prepare = self.workflow._prepare_dag

        def prepare_by_age(*arguments: Any, **options: Any) -> Any:
            if settings := self.workflow.dag_settings:
                settings.force_incomplete = True
                # Specs are written while inputs are asked for, by then unseen by a listing of folders.
                settings.max_inventory_wait_time = 0
                if settings.rerun_triggers == RerunTrigger.all():
                    settings.rerun_triggers = frozenset({RerunTrigger.MTIME})
            return prepare(*arguments, **options)

        self.workflow._prepare_dag = prepare_by_age

    def start(self) -> None:
        """Before the first job: Snakemake's own handlers are in place."""
        self.started = True
        gc.enable()
        if self.workflow.local_exec:
            # Each pass of the scheduler under a limit of jobs per second starts a timer that starts
            # a pass a second later: after n jobs, n passes a second. Local jobs need no such limit.
            self.workflow.scheduler.job_rate_limiter = None
        self.stopping.install()

    def fail(self) -> None:
        """After the last job, if one failed or the run was told to stop."""
        self.stopping.restore()

    def succeed(self) -> None:
        """After the last job; an error that was reported is that of a job that was tried again."""
        self.stopping.restore()
        self.failures.error = None

    def close(self) -> None:
        """At exit: what the process has used itself, and what failed, unless the jobs were told to stop."""
        if self.started and self.record:
            self._write(self.folder / self.record)
        if not self.stopping.requested:
            self.failures.show()

    def _write(self, file: Path) -> None:
        """Seconds of the clock and of the processor, without the jobs, which are processes of their own."""
        cost = {"wall": round(time.time() - self.began, 2), "cpu": round(time.process_time(), 2)}
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(cost) + "\n", "utf-8")


def _one_line_for_interrupts(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("\nStopped before the first job", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
