"""Rows are chosen by what their columns hold."""

from typing import Any

import pytest

from icgd.analysis.columns import Column
from icgd.analysis.tidy import rows, table

COLUMNS = {"fraction": Column("Float64", "a number")}
FRAME = table(
    [
        {"learner": "a", "metric": "m", "value": 1.0, "fraction": 0.25},
        {"learner": "a", "metric": "m", "value": 2.0, "fraction": 0.5},
        {"learner": "b", "metric": "m", "value": 3.0},
    ],
    COLUMNS,
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"fraction": 0.5}, [2.0]),
        ({"fraction": "0.50"}, [2.0]),  # digits, as the paper's text has them
        ({"fraction": "half"}, []),
        ({"fraction": None}, [3.0]),
        ({"fraction": ...}, [1.0, 2.0]),
        ({"fraction": [0.25, 1.0]}, [1.0]),
        ({"learner": "b"}, [3.0]),
        ({"learner": "0.5"}, []),
        ({"absent": None}, [1.0, 2.0, 3.0]),
        ({"absent": "x"}, []),
    ],
)
def test_rows_by_value(wanted: dict[str, Any], expected: list[float]) -> None:
    assert rows(FRAME, **wanted)["value"].tolist() == expected
