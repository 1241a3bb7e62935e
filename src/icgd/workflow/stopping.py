"""A run that is told to stop: its jobs end at their next checkpoints, and it with them."""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from typing import Any

from snakemake.logging import logger

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHELLS = {"sh", "bash", "dash", "zsh", "ksh"}


class Stopping:
    """Turns the signals that stop a run into an orderly end of its jobs and of Snakemake."""

    def __init__(self, workflow: Any) -> None:
        self.workflow = workflow
        self.requested = False
        self._told: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._before: dict[int, Any] = {}

    def install(self) -> None:
        """Take over the signals, once the scheduler, which sets its own handler, is there."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, and runs in the background
                # Nothing but `put` in a handler: it may have interrupted a holder of any lock.
                self._before[number] = signal.signal(number, lambda number, _: self._told.put(number))
        threading.Thread(target=self._wait, daemon=True).start()

    def restore(self) -> None:
        """Give the signals back."""
        while self._before:
            signal.signal(*self._before.popitem())

    def _wait(self) -> None:
        number = self._told.get()
        self.requested = True
        jobs = _job_processes(os.getpid())
        _silence()
        with contextlib.suppress(OSError):  # the terminal may have gone
            ends = f"{len(jobs)} running job{'s' * (len(jobs) != 1)}" if jobs else "no job running"
            print(
                f"\nStopping ({signal.Signals(number).name}): {ends}, to end at the next checkpoint; "
                "the same command goes on from there",
                file=sys.stderr,
                flush=True,
            )
        self._stop_scheduling()
        self._end_jobs()

    def _stop_scheduling(self) -> None:
        # As if Snakemake's own SIGTERM handler had been called, which takes a lock and would
        # deadlock with the scheduler if it ran as one.
        self.workflow.scheduler.exit_gracefully()

    def _end_jobs(self) -> None:
        """Tell each job once, also those that were just being started; end them if told again."""
        told: set[int] = set()
        began, how = time.monotonic(), signal.SIGTERM
        while True:
            for pid in _job_processes(os.getpid()) - told:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
            with contextlib.suppress(queue.Empty):
                self._told.get(timeout=0.5)
                if time.monotonic() > began + 1:  # one Ctrl-C can arrive as several signals
                    how, told = signal.SIGKILL, set()


def _job_processes(parent: int) -> set[int]:
    """Children that do the work; a shell would die at once and leave its children behind."""
    import psutil

    found = set()
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(parent).children():
            with contextlib.suppress(psutil.Error):
                inner = _job_processes(child.pid) if child.name() in SHELLS else set()
                found |= inner or {child.pid}
    return found


def _silence() -> None:
    """From here on Snakemake reports each stopped job as a failed one; its log file keeps that."""
    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.addFilter(lambda _: False)
