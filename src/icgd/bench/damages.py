"""What is done to files of a finished run, each of which must then be refused by its name."""

import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from icgd.results.records import DIGEST
from icgd.results.store import HEADER

VICTIMS: Mapping[str, str] = {
    "learner": "learners/*/*/*.npz",
    "prompts": "prompts/*/*/*.npz",
    "baseline": "baselines/*/*/*.npz",
    "table": "comparisons/*/*/*.parquet",
}
"""Files that are damaged, by what they hold."""
TRAP = "unpickled"
"""The folder that a pickle makes when it is opened."""


def _cut(victim: Path, _: Path) -> None:
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])


def _swapped(victim: Path, other: Path) -> None:
    victim.write_bytes(other.read_bytes())


def _another_version(victim: Path, _: Path) -> None:
    if victim.suffix == ".parquet":
        table = pq.read_table(victim)
        metadata = table.schema.metadata
        pq.write_table(table.replace_schema_metadata(metadata | {DIGEST: b"0" + metadata[DIGEST]}), victim)
        return
    with np.load(victim) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = str(arrays[HEADER])
    arrays[HEADER] = np.array(header.replace('"digest": "', '"digest": "0'))
    np.savez(victim, **arrays)  # type: ignore[arg-type]


class _Trap:
    """Unpickled, it leaves a file: nothing may unpickle it."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (TRAP,)


def _pickled(victim: Path, _: Path) -> None:
    victim.write_bytes(pickle.dumps(_Trap()))


DAMAGES: Mapping[str, Callable[[Path, Path], None]] = {
    "cut": _cut,
    "swapped": _swapped,
    "of another version": _another_version,
    "pickled": _pickled,
}
