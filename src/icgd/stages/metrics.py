"""Stage: merge the tables of all comparisons into the run's one tidy table."""

from pathlib import Path
from typing import Any

import pandas as pd

from icgd.stages.arguments import run_stage
from icgd.results.tables import load_table, save_table

KEYS = ["experiment", "learner", "condition", "metric", "seed", "step"]


def main(spec: dict[str, Any], tables: list[Path], parquet: Path, csv: Path) -> None:
    """Concatenate, refuse duplicates, sort, and write as Parquet and CSV."""
    merged = pd.concat([load_table(path) for path in tables], ignore_index=True)
    twice = merged[merged.duplicated(KEYS)]
    if len(twice):
        raise ValueError(f"measured twice: {twice.iloc[0].to_dict()}; two measurements clash")
    merged = merged.sort_values(KEYS, kind="stable", ignore_index=True)
    save_table(parquet, merged)
    save_table(csv, merged)


if __name__ == "__main__":
    run_stage(main, tables="paths", parquet="table", csv="table")
