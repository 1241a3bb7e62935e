"""Tables on disk, whole or absent like other artefacts; apart, so that jobs without them start sooner."""

from pathlib import Path

import pandas as pd

from icgd.results.store import ArtefactError, advice, replacing


def save_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet or CSV, by the suffix."""
    with replacing(path) as temporary:
        if path.suffix == ".csv":
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)


def load_table(path: Path) -> pd.DataFrame:
    """Read a Parquet table; `ArtefactError` if it is cut off or not one."""
    try:
        return pd.read_parquet(path)
    except FileNotFoundError:
        raise ArtefactError(advice(path, "does not exist")) from None
    except (OSError, ValueError) as error:
        raise ArtefactError(advice(path, f"cannot be read ({error})")) from None
