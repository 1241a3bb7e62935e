"""Tables on disk, whole or absent like other artefacts; apart, so that jobs without them start sooner."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from icgd.results.job import Artefact
from icgd.results.records import DIGEST, save_records
from icgd.results.store import ArtefactError, accept, advice, replacing

NULLABLE = {
    pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
}


def save_table(path: Path, table: pd.DataFrame, digest: str = "") -> None:
    """Write a table as CSV, or as Parquet with the digest of the job that made it, by the suffix."""
    if path.suffix != ".csv":
        save_records(path, pa.Table.from_pandas(table, preserve_index=False), digest)
        return
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def frame(table: pa.Table) -> pd.DataFrame:
    """A table whose columns may be empty in places; values are floats throughout."""
    found = table.replace_schema_metadata(None).to_pandas(types_mapper=NULLABLE.get)
    return found.assign(value=found["value"].to_numpy(float, na_value=float("nan")))


def load_table(artefact: Artefact) -> pd.DataFrame:
    """Read a Parquet table; `ArtefactError` if it is cut off, not one, or of another job."""
    path = artefact.path
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise ArtefactError(advice(path, "does not exist")) from None
    except (OSError, ValueError, json.JSONDecodeError) as error:
        raise ArtefactError(advice(path, f"cannot be read ({error})")) from None
    accept(artefact, (table.schema.metadata or {}).get(DIGEST, b"").decode())
    return frame(table)
