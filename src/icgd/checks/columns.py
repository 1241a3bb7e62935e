"""The page of the columns of a run's metrics, from what measurements declare (docs/columns.md)."""

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

from icgd.analysis.columns import BASE, LAST, SHARED, Column
from icgd.results.digest import ROOT

HEAD = """\
# Columns of metrics.csv and metrics.parquet

One row says what one metric is for one experiment, learner, training seed and step; columns that say nothing
about a row are empty there. Which columns, besides `option` and `setting`, all rows of a metric fill stands
in `METRICS` of the measurement's module. Written by `python workflow/scripts/columns.py`.
"""
TITLE = "| column | type | says | declared by |\n|---|---|---|---|"


def modules(package: Path = ROOT / "src" / "icgd") -> list[ModuleType]:
    """All measurements of the repository."""
    files = sorted([*package.glob("analysis/measure_*.py"), *package.glob("studies/*/measure_*.py")])
    names = (path.relative_to(package.parent).with_suffix("").parts for path in files)
    return [importlib.import_module(".".join(parts)) for parts in names]


def page(measurements: Iterable[ModuleType]) -> str:
    """The page: columns that every table has, those that studies share, and each measurement's own."""
    own: dict[tuple[str, Column], list[str]] = {}
    for module in measurements:
        for name, column in module.COLUMNS.items():
            own.setdefault((name, column), []).append(module.__name__.rpartition(".measure_")[2])
    rows = [_row(name, column, ", ".join(where)) for (name, column), where in sorted(own.items())]
    return "\n".join([HEAD, TITLE, *_all(BASE | LAST, "every table"), *_all(SHARED, "shared"), *rows]) + "\n"


def _all(columns: Mapping[str, Column], where: str) -> list[str]:
    return [_row(name, column, where) for name, column in columns.items()]


def _row(name: str, column: Column, where: str) -> str:
    meaning = column.meaning.replace("|", "\\|")
    values = f" (values: its option `{column.option}`)" if column.option else ""
    return f"| `{name}` | {column.dtype} | {meaning}{values} | {where} |"
