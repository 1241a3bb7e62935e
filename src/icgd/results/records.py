"""Records on disk as a Parquet table, without pandas, so that the jobs that measure start sooner."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from icgd.results.store import replacing

DIGEST = b"icgd_digest"
"""Where a table has the digest of the job that made it."""
TYPES = {"string": pa.string(), "Int64": pa.int64(), "Float64": pa.float64()}


def arrow_table(records: Iterable[Mapping[str, Any]], dtypes: Mapping[str, str]) -> pa.Table:
    """A column for each of `dtypes`, by name; what a record lacks is empty."""
    rows = list(records)
    columns = {name: _column([row.get(name) for row in rows], dtype) for name, dtype in dtypes.items()}
    return pa.table(columns)


def _column(values: Sequence[Any], dtype: str) -> pa.Array:
    """As `pyarrow.array` would make it, which looks whether pandas knows the values."""
    if dtype == "string":
        builder = pa.lib.StringBuilder()
        builder.append_values([None if value is None else str(value) for value in values])
        return builder.finish()
    there = np.array([value is not None for value in values], bool)
    numbers = np.array([0 if value is None else value for value in values], dtype.lower())
    buffers = [pa.py_buffer(part) for part in (np.packbits(there, bitorder="little"), numbers)]
    return pa.Array.from_buffers(TYPES[dtype], len(values), buffers)


def save_records(path: Path, table: pa.Table, digest: str) -> None:
    """Write a table with the digest of its job."""
    with replacing(path) as temporary:
        metadata = {**(table.schema.metadata or {}), DIGEST: digest.encode()}
        pq.write_table(table.replace_schema_metadata(metadata), temporary)
