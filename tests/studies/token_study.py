"""A study of token sequences made by hand, and the table of a measurement of it."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from icgd.analysis.study import Population, Study
from icgd.analysis.tidy import rows, table
from icgd.results.job import Artefact
from icgd.results.store import save_arrays
from icgd.stages.compare import declared

LAW = np.array([[0, 1, 2, 0, 1], [2, 2, 1, 0, 2]])
SHIFTED = np.array([[1, 0, 1, 0, 1], [2, 0, 2, 0, 2], [1, 1, 1, 1, 1]])
"""Sequences of five tokens; the last is only a target."""


def study_of(
    folder: Path,
    learners: Mapping[str, Population],
    history: Mapping[str, list[Population]] = {},  # noqa: B006
    references: Mapping[str, Any] = {},  # noqa: B006
    law: np.ndarray = LAW,
) -> Study:
    for name, found in (("law", law), ("period=2", SHIFTED)):
        arrays = {"tokens": found[:, :-1].astype(np.int32), "target": found[:, 1:].astype(np.int32)}
        save_arrays(folder / f"{name}.npz", arrays, format="prompts", prompt="TokenPrompt", digest="")
    conditions = [[None, None, {}], ["period", 2, {"period": 2}]]
    spec = {
        "name": "language",
        "conditions": conditions,
        "references": references,
        "prompts": Artefact(folder),
    }
    return Study(spec, learners, history)


def measured(module: ModuleType, study: Study, **options: Any) -> pd.DataFrame:
    """The table of a measurement, whose rows must fill the columns that it declares."""
    return table(declared(module.measure(study, **options), module.METRICS), module.COLUMNS)


def values(found: pd.DataFrame, **wanted: Any) -> list[float]:
    return rows(found, **wanted).sort_values(["step", "seed"])["value"].tolist()
