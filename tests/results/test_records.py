"""Records on disk."""

import subprocess
import sys

import pyarrow as pa

from icgd.results.records import arrow_table

DTYPES = {"learner": "string", "seed": "Int64", "value": "Float64"}


def test_what_a_record_lacks_is_empty_and_what_is_undefined_is_not() -> None:
    table = arrow_table([{"learner": "a", "seed": 3, "value": float("nan")}, {"learner": 5.0}], DTYPES)
    assert table.schema.types == [pa.string(), pa.int64(), pa.float64()]
    assert table["learner"].to_pylist() == ["a", "5.0"]
    assert table["seed"].to_pylist() == [3, None]
    assert [column.null_count for column in table.columns] == [0, 1, 1]
    assert str(table["value"][0]) == "nan"
    assert arrow_table([], DTYPES).num_rows == 0


def test_no_table_needs_pandas() -> None:
    code = f"import sys; from icgd.results.records import arrow_table as t; t([{{'seed': 1}}], {DTYPES}); "
    found = subprocess.run(
        [sys.executable, "-c", code + "print('pandas' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "False\n"
