"""The last words of a run that failed: the logs of its failed jobs, or the place of an error.

Printed when the interpreter exits, after everything that Snakemake has to say, and whatever it was
told to be quiet about.
"""

import contextlib
import logging
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from snakemake.exceptions import ApiError, RuleException, WorkflowError
from snakemake.logging import logger
from snakemake.settings.enums import Quietness

ROOT = str(Path(__file__).parents[3])
TAIL = 3000
"""Characters of a log that are shown."""


class Failures(logging.Handler):
    """Collects what Snakemake reports as errors, from the start of parsing on."""

    def __init__(self, workflow: Any) -> None:
        super().__init__(logging.ERROR)
        self.workflow = workflow
        self.folder = Path.cwd()  # Snakemake leaves the one of --directory before exiting
        self.reports: list[str] = []
        self.error: BaseException | None = None
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a report with the exception that is being handled, if there is one."""
        self.reports.append(record.getMessage())
        self.error = sys.exc_info()[1] or self.error

    def show(self) -> None:
        """Print the last words, if anything failed."""
        jobs = _failed_jobs(self.workflow)
        texts = [self._job(job) for job in jobs] if jobs else [self._place()] if self.error else []
        if any(texts):
            with contextlib.suppress(OSError):
                sys.stdout.flush()
                print(*texts, sep="\n", file=sys.stderr, flush=True)

    def _job(self, job: Any) -> str:
        lines = [f"\nFailed: rule {job.rule.name}, for {', '.join(job.output)}"]
        logs = [path for path in (self.folder / name for name in job.log) if path.exists()]
        for path in logs:
            lines += [f"Its log, {path}, ends with:", _tail(path)]
        if not any(path.stat().st_size for path in logs):  # such as a missing output file
            lines += [report[-TAIL:] for report in self.reports[:1]]
        hint = "Mend that and repeat the same command: what is finished is kept."
        if any("SIGKILL" in report or "status 137" in report for report in self.reports):
            hint = "The system ended it, most likely for want of memory: try fewer --cores."
        return "\n".join([*lines, hint])

    def _place(self) -> str:
        """The place of an error outside jobs, or nothing if Snakemake has just shown its message."""
        error = self.error
        settings = self.workflow.output_settings
        quiet = Quietness.ALL in (settings.quiet or ()) and not settings.dryrun
        if isinstance(error, (WorkflowError, RuleException, ApiError)):
            message = str(error).strip()
            shown = self.reports[-1].rstrip().endswith(message.splitlines()[-1]) and not quiet
            return "" if shown else f"\nError: {message}"
        assert error
        text = "".join(traceback.format_exception_only(error)).strip()
        return f"\n{_origin(error, self.workflow)}{text}"


def outlive_readers() -> None:
    """What nobody reads any more (`snakemake | head`) is not said; else the run would hang.

    Snakemake raises where its output is a closed pipe, also from what tells its scheduler that a job failed,
    which then waits for that job for ever.
    """
    for handler in logger.handlers:
        handler.emit = _unless_closed(handler.emit)


def _unless_closed(emit: Callable[[logging.LogRecord], None]) -> Callable[[logging.LogRecord], None]:
    def emitted(record: logging.LogRecord) -> None:
        with contextlib.suppress(BrokenPipeError):
            emit(record)

    return emitted


def _failed_jobs(workflow: Any) -> list[Any]:
    failed = workflow.scheduler.failed if workflow.scheduler else ()
    jobs = [job for entry in failed for job in (entry if entry.is_group() else (entry,))]
    return sorted(jobs, key=lambda job: (job.rule.name, *map(str, job.output)))


def _tail(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace").rstrip()
    return text if len(text) <= TAIL else "[...]" + text[-TAIL:]


def _origin(error: BaseException, workflow: Any) -> str:
    """The last line of the project's own files that an error passed through."""
    if isinstance(error, SyntaxError):  # its text begins with its own place
        return ""
    places = list(_own_lines(error, workflow))
    return f"In {places[-1]}: " if places else ""


def _own_lines(error: BaseException, workflow: Any) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        mapped = workflow.linemaps.get(frame.filename)
        own = frame.filename.startswith(ROOT) and "site-packages" not in frame.filename
        if mapped is not None:
            yield f"{frame.filename}, line {mapped[frame.lineno]}"
        elif own:
            yield f"{frame.filename}, line {frame.lineno}"
