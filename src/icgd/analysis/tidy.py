"""The tidy table of all measurements: its columns, its rows, and how rows are chosen.

A row says what one metric is for one learner, seed and training step. What else it is about stands in
columns: an evaluation off the training law in `option` and `setting`, and whatever a measurement declares.
Columns that say nothing about a row are empty there.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd


class Column(NamedTuple):
    """A column: its type in pandas, what it says of a row, and the option that lists its values, if one
    does.
    """

    dtype: str
    meaning: str
    option: str = ""


class Metric(NamedTuple):
    """A metric: what it is, and the columns, besides option and setting, that all its rows fill."""

    meaning: str
    by: tuple[str, ...] = ()


BASE = {
    "experiment": Column("string", "the experiment"),
    "learner": Column("string", "who is measured"),
    "seed": Column("Int64", "training seed; empty for what is not trained"),
    "step": Column("Int64", "training step; empty for what is not trained"),
    "option": Column("string", "option of the task that differs from the training law; empty on the law"),
    "setting": Column("string", "the option's value"),
}
SHARED = {
    "reference": Column("string", "the algorithm that the learner is compared with"),
    "objective": Column("string", "the objective that the learner is asked for"),
    "layer": Column("Int64", "layer, counted from 1; 0 is what enters the first"),
    "head": Column("Int64", "head of a layer, counted from 1"),
    "row": Column("Int64", "row of a matrix, counted from 0"),
    "column": Column("Int64", "column of a matrix, counted from 0"),
}
"""Columns that several studies use; a measurement adds others in its COLUMNS."""
LAST = {
    "metric": Column("string", "what is measured"),
    "value": Column("Float64", "its value"),
}
NOT_KEYS = ("seed", "step", "value")

Record = dict[str, Any]


def table(records: Iterable[Record], columns: Mapping[str, Column]) -> pd.DataFrame:
    """Rows as a frame with the base columns, those of `columns` that are used, metric and value."""
    rows = list(records)
    used = {name for row in rows for name in row}
    kept = BASE | {name: column for name, column in (SHARED | dict(columns)).items() if name in used} | LAST
    frame = pd.DataFrame(rows, columns=list(kept))
    frame["value"] = frame["value"].astype(float)
    dtypes = {name: column.dtype for name, column in kept.items() if name != "value"}
    return frame.astype(dtypes)


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
