"""The tidy table of all measurements: how its rows are put together and chosen."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from icgd.analysis.columns import BASE, LAST, NOT_KEYS, Column, Record, used_columns
from icgd.results.records import arrow_table
from icgd.results.tables import frame


def table(records: Iterable[Record], columns: Mapping[str, Column]) -> pd.DataFrame:
    """Rows as a measurement's table has them once it is read."""
    rows = list(records)
    return frame(arrow_table(rows, {name: c.dtype for name, c in used_columns(rows, columns).items()}))


def merged(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Tables with the union of their columns, metric and value last."""
    whole = pd.concat(tables, ignore_index=True)
    front = [name for name in whole.columns if name not in LAST]
    return whole[[*front, *LAST]]


def keys(frame: pd.DataFrame) -> list[str]:
    """The columns that say what a row is about, apart from its seed and step."""
    return [
        name
        for name in frame.columns
        if name in BASE | LAST or frame[name].notna().any()
        if name not in NOT_KEYS
    ]


def rows(frame: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """The rows with these values: None for empty, ... for any that is not, a list for one of several."""
    mask = pd.Series(True, index=frame.index)
    for name, value in wanted.items():
        mask &= _matches(frame[name], value) if name in frame else value is None
    return frame[mask]


def _matches(column: pd.Series, value: Any) -> pd.Series:
    if value is None:
        return column.isna()
    if value is ...:
        return column.notna()
    if isinstance(value, list | tuple):
        return column.isin(list(value))
    return (column == _typed(column, value)).fillna(False).astype(bool)


def _typed(column: pd.Series, value: Any) -> Any:
    """A value as its column holds it: the paper's text can name a number by its digits alone."""
    if not isinstance(value, str) or not pd.api.types.is_numeric_dtype(column):
        return value
    try:
        return float(value)
    except ValueError:
        return value
