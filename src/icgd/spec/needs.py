"""Memory and time that a job asks of a cluster, from what it has needed before, with a margin.

Both come from the record of a full run (`icgd.spec.order.MEASURED`). A job that it does not have asks for the
most that any job of its rule has needed. Each further attempt asks for twice as much.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from icgd.spec.order import MEASURED, Key, without_seeds

MEMORY_MARGIN, TIME_MARGIN = 1.5, 3.0
"""Above what was measured: another allocator; a slower, shared node."""
START_MB, START_SECONDS = 300, 45
"""Of Snakemake around the job, and of its start: little, as a queue entry asks for that of all its jobs."""
UNKNOWN_MB, UNKNOWN_SECONDS = 3000.0, 1200.0
"""Of rules that were never measured."""


@dataclass(frozen=True)
class Need:
    """The peak memory (MB) and processor time (s) of a job; None where they were not measured."""

    peak_mb: float | None
    seconds: float | None

    def most(self, other: "Need") -> "Need":
        """The greater of each."""
        return Need(_greater(self.peak_mb, other.peak_mb), _greater(self.seconds, other.seconds))

    def otherwise(self, other: "Need") -> "Need":
        """This one, with what it lacks from another."""
        peak = other.peak_mb if self.peak_mb is None else self.peak_mb
        return Need(peak, other.seconds if self.seconds is None else self.seconds)

    def memory(self, attempt: int) -> int:
        """MB to ask for, in hundreds."""
        wanted = MEMORY_MARGIN * (self.peak_mb or 0.0) + START_MB
        return 100 * math.ceil(wanted / 100) * 2 ** (attempt - 1)

    def minutes(self, attempt: int) -> int:
        """Minutes to ask for."""
        wanted = TIME_MARGIN * (self.seconds or 0.0) + START_SECONDS
        return math.ceil(wanted / 60) * 2 ** (attempt - 1)


NOTHING = Need(None, None)
UNKNOWN = Need(UNKNOWN_MB, UNKNOWN_SECONDS)


def _greater(first: float | None, second: float | None) -> float | None:
    known = [value for value in (first, second) if value is not None]
    return max(known, default=None)


def needs(path: Path = MEASURED) -> dict[Key, Need]:
    """What every job of the record has needed; under the name "" the most of each rule."""
    found: dict[Key, Need] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            need = Need(_number(row.get("peak_mb")), _number(row.get("cpu")))
            for key in (without_seeds(row["rule"], row["name"]), (row["rule"], "")):
                found[key] = need.most(found.get(key, NOTHING))
    return found


def need(known: Mapping[Key, Need], rule: str, name: str) -> Need:
    """That of a job, or else of its rule, or else a guess."""
    own = known.get(without_seeds(rule, name), NOTHING)
    return own.otherwise(known.get((rule, ""), NOTHING)).otherwise(UNKNOWN)


def _number(text: str | None) -> float | None:
    return float(text) if text else None
