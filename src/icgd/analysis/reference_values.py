"""The values that a run is held against: every seed's, one row per key, and their file.

A key is everything but seed, step and value. In the file a value is the shortest decimal that reads back
as the same float64, `nan` if it is undefined, nothing if the key has no such seed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icgd.analysis.intervals import final

SEED, UNTRAINED = "seed_", "untrained"


def key_columns(metrics: pd.DataFrame) -> list[str]:
    """The columns that say what a value is of."""
    return [column for column in metrics.columns if column not in ("seed", "step", "value")]


def reference_rows(metrics: pd.DataFrame, verified: Sequence[str]) -> pd.DataFrame:
    """Values of the verified metrics at the end of training: key columns, seed, value.

    Key columns are text, empty where they say nothing, so that a table from a file has the same keys.
    """
    rows = final(metrics[metrics["metric"].isin(list(verified))])
    keys = rows[key_columns(rows)]
    rows = keys.astype(object).where(keys.notna(), "").astype(str).join(rows[["seed", "value"]])
    return rows.reset_index(drop=True)


def to_wide(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per key, with the values as text: `untrained`, or `seed_0`, `seed_1`, …"""
    named = rows["seed"].map(lambda seed: UNTRAINED if pd.isna(seed) else f"{SEED}{seed}")
    text = rows["value"].map(lambda value: repr(float(value)))
    seeds = [f"{SEED}{seed}" for seed in sorted(rows["seed"].dropna().unique())]
    keys = [column for column in key_columns(rows) if (rows[column] != "").any()]
    wide = rows[keys].assign(column=named, text=text)
    wide = wide.pivot_table("text", keys, "column", aggfunc="first")
    return wide.reindex(columns=[UNTRAINED, *seeds]).fillna("").reset_index().rename_axis(columns=None)


def from_wide(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that `to_wide` was given, ordered by key and seed."""
    values = [column for column in table.columns if column == UNTRAINED or column.startswith(SEED)]
    keys = [column for column in table.columns if column not in values]
    rows = table.melt(id_vars=keys, value_vars=values, var_name="seed", value_name="value")
    rows = rows[rows["value"] != ""]
    seed = rows["seed"].str.removeprefix(SEED).replace(UNTRAINED, None).astype("Int64")
    rows = rows.assign(seed=seed, value=[float(text) for text in rows["value"]])
    return rows.sort_values([*keys, "seed"]).reset_index(drop=True)[[*keys, "seed", "value"]]


def read_wide(path: Path) -> pd.DataFrame:
    """The rows in a file that `to_wide` made."""
    return from_wide(pd.read_csv(path, dtype=str, keep_default_na=False))


def identical(ours: pd.DataFrame, reference: pd.DataFrame) -> list[str]:
    """A line for each value that is not the reference's bit for bit; undefined values are alike."""
    both = aligned(ours, reference)
    bits, expected = (both[side].to_numpy(float).view(np.int64) for side in ("value", "value_reference"))
    undefined = both["value"].isna() & both["value_reference"].isna()
    differ = both[(both["_merge"] == "both") & (bits != expected) & ~undefined]
    lines = [
        f"{name(row)}: {row['value']!r}, reference {row['value_reference']!r}"
        for row in differ.to_dict("records")
    ]
    return [*missing(both), *lines]


def aligned(ours: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Both tables' values side by side, `value` and `value_reference`; `_merge` says which has the row."""
    columns = list(dict.fromkeys([*key_columns(reference), *key_columns(ours)]))
    tables = [table.assign(**{c: "" for c in columns if c not in table}) for table in (ours, reference)]
    on = [*columns, "seed"]
    return tables[0].merge(
        tables[1], on=on, how="outer", suffixes=("", "_reference"), indicator=True, validate="one_to_one"
    )


def missing(both: pd.DataFrame) -> list[str]:
    """A line for each value that one of the tables lacks."""
    says = {"left_only": "not in the reference", "right_only": "missing from the run"}
    alone = both[both["_merge"] != "both"]
    return [f"{name(row)}: {says[row['_merge']]}" for row in alone.to_dict("records")]


def name(row: Mapping[Any, Any]) -> str:
    """What a row's value is of."""
    seed = "" if pd.isna(row.get("seed", pd.NA)) else f", seed {row['seed']}"
    keys = [part for key, part in row.items() if isinstance(part, str) and key != "_merge" and part]
    return "/".join(keys) + seed
