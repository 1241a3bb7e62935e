r"""How the text names a number: \result{experiment/learner/metric?column=value,column=value:statistic}.

The columns are those that the rows fill, as in a claim's `where`; the statistic, over seeds and all rows
that match, is mean unless it is given. `seeds` are all values, in order: where seeds end in several places no
interval says so.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

STATISTICS = ("mean", "low", "high", "max", "min", "seeds")
PREFIXES = ("config/", "run/", "claim/", "claims/", "confidence")
"""What begins the keys of numbers that are no measurements."""
KEY = re.compile(
    r"(?P<experiment>\w+)/(?P<learner>\w+)/(?P<metric>\w+)(\?(?P<where>[^:]+))?(:(?P<statistic>\w+))?"
)
RESULT = re.compile(r"\\(result|claim)\{([^}#]*)\}")
"""Macros of the text that ask for a number, and for a claim's verdict; not in their own definitions."""


class Selector(NamedTuple):
    """A number of the table."""

    experiment: str
    learner: str
    metric: str
    where: dict[str, str]
    statistic: str

    @property
    def wanted(self) -> dict[str, Any]:
        """What `icgd.analysis.claims.chosen` takes."""
        return {k: v for k, v in self._asdict().items() if k != "statistic"}


def parsed(key: str) -> Selector:
    """The selector that a key spells; `ValueError` if it spells none."""
    match = KEY.fullmatch(key)
    if match is None:
        raise ValueError(
            f"{key!r} is no key of a number; expected experiment/learner/metric?column=value:statistic"
        )
    pairs = [part.partition("=") for part in (match["where"] or "").split(",") if part]
    statistic = match["statistic"] or "mean"
    if statistic not in STATISTICS:
        raise ValueError(f"{key!r} asks for {statistic!r}; expected one of {', '.join(STATISTICS)}")
    where = {name: value for name, _, value in pairs}
    return Selector(match["experiment"], match["learner"], match["metric"], where, statistic)


def used_keys(sources: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Every key that LaTeX sources ask for, with the file and line where."""
    for path in sources:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            for macro, key in RESULT.findall(line.partition("%")[0] if line.startswith("%") else line):
                yield f"claim/{key}/verdict" if macro == "claim" else key, f"{path.name}, line {number}"


def measured(key: str) -> bool:
    """Whether a key names a measurement."""
    return not key.startswith(PREFIXES)
