"""What jobs cost: each leaves a record of the processor time of its start, of compiling and of the rest."""

import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from icgd.results.store import write_text

CACHE_HIT = "/jax/compilation_cache/cache_hits"
CACHE_REQUEST = "/jax/compilation_cache/compile_requests_use_cache"
COMPILING = "/jax/core/compile/"
"""Prefix of JAX's events of tracing, lowering and compiling; one lies inside another."""


@dataclass(frozen=True)
class Cost:
    """One run of a job; times of processors in seconds, of the clock in seconds since 1970."""

    rule: str
    name: str
    began: float
    ended: float
    cpu: float
    """All of it, the interpreter's start included."""
    start: float
    """Until the stage's modules are imported."""
    compiling: float
    """Tracing, lowering and compiling."""
    compiled: int
    """Programs that JAX asked its cache for,"""
    cached: int
    """and those that were there."""
    peak_mb: float


class Meter:
    """Measures the job of this process."""

    def __init__(self) -> None:
        self.began = time.time() - time.process_time()
        self.start = self.compiling = 0.0
        self.counts = {CACHE_REQUEST: 0, CACHE_HIT: 0}
        self._depth, self._entered = 0, 0.0

    def started(self) -> None:
        """The stage is imported; from here on JAX, if the stage has it, tells what it compiles."""
        self.start = time.process_time()
        if "jax" not in sys.modules:
            return
        from jax import monitoring

        monitoring.register_scalar_listener(self._enter)
        monitoring.register_event_duration_secs_listener(self._leave)
        monitoring.register_event_listener(self._count)

    def _enter(self, event: str, value: float, **_: Any) -> None:
        if event.startswith(COMPILING):
            if not self._depth:
                self._entered = time.process_time()
            self._depth += 1

    def _leave(self, event: str, duration_secs: float, **_: Any) -> None:
        if event.startswith(COMPILING) and self._depth:
            self._depth -= 1
            if not self._depth:
                self.compiling += time.process_time() - self._entered

    def _count(self, event: str, **_: Any) -> None:
        if event in self.counts:
            self.counts[event] += 1

    def cost(self, rule: str, name: str) -> Cost:
        """What the job has cost until now."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return Cost(
            rule,
            name,
            self.began,
            time.time(),
            sum(part.ru_utime + part.ru_stime for part in used),
            self.start,
            self.compiling,
            self.counts[CACHE_REQUEST],
            self.counts[CACHE_HIT],
            max(part.ru_maxrss for part in used) / 1024,
        )


def save_cost(path: Path, cost: Cost) -> None:
    """Keep the record of a job."""
    write_text(path, json.dumps(asdict(cost)) + "\n")


def load_costs(paths: Iterable[str | Path]) -> Iterator[Cost]:
    """The records that there are; results of another version or machine may lack some, or hold others."""
    names = {field.name for field in fields(Cost)}
    for path in paths:
        try:
            record = json.loads(Path(path).read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and record.keys() == names:
            yield Cost(**record)
