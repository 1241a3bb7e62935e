"""How a job ends when it is told to, or when the run that started it has gone.

A job ends at once, except within `deferred`, whose body asks `requested` at its checkpoints and calls
`leave`. Artefacts are whole or absent, so that ending anywhere is safe.
"""

import atexit
import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

from icgd.workflow import records
from icgd.workflow.processes import Process

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 3.0
"""Seconds that the main thread, which may be within compiled code, has to end by itself."""


@dataclass
class _State:
    signal: int = 0
    deferred: bool = False
    forget: Callable[[], None] = lambda: None


_state = _State()


def requested() -> bool:
    """Whether the job has been told to end."""
    return _state.signal != 0


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Within it the job ends only where it asks `requested`, at the latest after its body."""
    _state.deferred = True
    try:
        yield
    finally:
        _state.deferred = False
    if requested():
        leave()


def leave(message: str = "") -> NoReturn:
    """End the job as one that was told to, with a message for its log."""
    name = signal.Signals(_state.signal).name
    print(f"stopped by {name}{': ' if message else ''}{message}", file=sys.stderr, flush=True)
    sys.exit(128 + _state.signal)


def install() -> None:
    """Take over the signals that end a job, and watch the run that started it."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    # Python's own handlers wait for the main thread to return from compiled code; this pipe does not.
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, and jobs in the background
            signal.signal(number, lambda number, _: _receive(number))
    run = _run()
    if run and records.FOLDER.parent.is_dir():
        _state.forget = records.write_job(records.FOLDER, run)
        atexit.register(_state.forget)
    threading.Thread(target=_guard, args=(reader, run), daemon=True).start()


def _run() -> Process | None:
    """The process that runs the workflow, if it is on this host."""
    with contextlib.suppress(ValueError):
        run = Process.read(os.environ.get(records.VARIABLE, ""))
        return run if run.is_here else None
    return None


def _receive(number: int) -> None:
    if requested():  # a terminal and the run may both tell
        return
    _state.signal = number
    if not _state.deferred:
        leave()


def _guard(reader: int, run: Process | None) -> None:
    """End the process if its main thread does not, and tell it if its run has gone."""
    told = float("inf")
    while True:
        if select.select([reader], [], [], 0.5)[0] and set(os.read(reader, 64)) & set(SIGNALS):
            told = min(told, time.monotonic())
        if run and not run.is_alive:
            run = None
            print("the run that started this job has gone", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGTERM)
        if time.monotonic() > told + GRACE and not _state.deferred:
            _state.forget()
            os._exit(128 + signal.SIGTERM)
