"""Studies and tables of figures that are made by hand, so that what is measured and drawn can be known."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from icgd.analysis.columns import Record
from icgd.analysis.intervals import seed_intervals
from icgd.analysis.study import Population, Study
from icgd.analysis.tidy import rows, table
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.results.job import Artefact
from icgd.results.store import save_arrays
from icgd.spec.model import Comparison, Experiment, Spec
from icgd.stages.compare import declared


def make_study(
    folder: Path,
    prompts: Prompt,
    targets: np.ndarray,
    learners: Mapping[str, Population],
    *,
    task: Mapping[str, Any],
    references: Mapping[str, Comparison] | None = None,
    history: Mapping[str, Sequence[Population]] | None = None,
    **spec: Any,
) -> Study:
    """A study of the training law alone, whose prompts are stored in a folder."""
    arrays = {"x": prompts.x, "y": prompts.y, "query": prompts.query, "target": targets}
    save_arrays(
        folder / "law.npz", {k: np.asarray(a) for k, a in arrays.items()}, format="prompts", prompt="Prompt"
    )
    whole = {
        "name": "handmade",
        "experiment": "handmade",
        "variant": "test",
        "seed": 0,
        "task": task,
        "conditions": [[None, None, {}]],
        "prompts": Artefact(folder),
        "references": {name: found.model_dump() for name, found in (references or {}).items()},
    }
    return Study(whole | spec, learners, history or {})


def make_experiment(**references: Comparison) -> Experiment:
    """The config of an experiment that compares learners with these."""
    task = Spec(kind="linear_regression.LinearRegression")
    return Experiment(task=task, evaluation_prompts=1, references=references, measurements={"a": {}})


def seeds(*learners: Learner, step: int = 0) -> Population:
    """Learners as the seeds of one that is trained."""
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *learners)
    return Population(stacked, list(range(len(learners))), step)


def measured(module: ModuleType, study: Study, **options: Any) -> pd.DataFrame:
    """What a measurement finds, each row as its METRICS and COLUMNS say."""
    return table(declared(module.measure(study, **options), module.METRICS), module.COLUMNS)


def values(frame: pd.DataFrame, **wanted: Any) -> list[float]:
    """The values of rows, in the order of the table."""
    found = rows(frame, **wanted)["value"].tolist()
    assert found, f"no rows of {wanted}"
    return found


def figure_table(module: ModuleType, records: Sequence[Record], measurement: ModuleType) -> pd.DataFrame:
    """The table that a plot is given of some rows."""
    shared = {"experiment": "handmade", "seed": None, "step": None}
    return seed_intervals(module.select(table([shared | row for row in records], measurement.COLUMNS)), 0.95)


def drawn(line: Line2D) -> np.ndarray:
    """The points of a line, [p 2]."""
    return np.asarray(line.get_xydata(), float)
