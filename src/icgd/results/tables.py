"""Tables on disk, whole or absent like other artefacts; apart, so that jobs without them start sooner."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from icgd.results.job import Artefact
from icgd.results.store import ArtefactError, accept, advice, replacing

DIGEST = b"icgd_digest"


def save_table(path: Path, table: pd.DataFrame, digest: str = "") -> None:
    """Write a table as CSV, or as Parquet with the digest of the job that made it, by the suffix."""
    with replacing(path) as temporary:
        if path.suffix == ".csv":
            table.to_csv(temporary, index=False)
        else:
            arrow = pa.Table.from_pandas(table, preserve_index=False)
            schema = {**(arrow.schema.metadata or {}), DIGEST: digest.encode()}
            pq.write_table(arrow.replace_schema_metadata(schema), temporary)


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
    return table.to_pandas()
