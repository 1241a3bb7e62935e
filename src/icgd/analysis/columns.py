"""What a measurement declares of its rows; a tidy table has one for each (see `icgd.analysis.tidy`).

A row says what one metric is for one learner, seed and training step. What else it is about stands in
columns: an evaluation off the training law in `option` and `setting`, and whatever a measurement declares.
Columns that say nothing about a row are empty there.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


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


def used_columns(rows: Iterable[Record], columns: Mapping[str, Column]) -> dict[str, Column]:
    """The base columns, those of `columns` that some row has, metric and value."""
    used = {name for row in rows for name in row}
    return BASE | {name: column for name, column in (SHARED | dict(columns)).items() if name in used} | LAST
