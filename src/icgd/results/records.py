"""Records on disk as a Parquet table, without pandas, so that the jobs that measure start sooner."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from icgd.results.store import replacing

DIGEST = b"icgd_digest"
"""Where a table has the digest of the job that made it."""
TYPES = {"string": pa.string(), "Int64": pa.int64(), "Float64": pa.float64()}


def arrow_table(records: Iterable[Mapping[str, Any]], dtypes: Mapping[str, str]) -> pa.Table:
    """A column for each of `dtypes`, by name; what a record lacks is empty."""
    rows = list(records)
    columns = {
        name: pa.array([_typed(row.get(name), dtype) for row in rows], TYPES[dtype])
        for name, dtype in dtypes.items()
    }
    return pa.table(columns)


def _typed(value: Any, dtype: str) -> Any:
    return str(value) if dtype == "string" and value is not None else value


def save_records(path: Path, table: pa.Table, digest: str) -> None:
    """Write a table with the digest of its job."""
    with replacing(path) as temporary:
        metadata = {**(table.schema.metadata or {}), DIGEST: digest.encode()}
        pq.write_table(table.replace_schema_metadata(metadata), temporary)
