"""In-context gradient descent: learners, tasks and the stages of the reproducible paper.

In a notebook, `load` gives trained learners and fitted algorithms of a run, `metrics` its table.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from icgd.analysis.loaded import Loaded


def load(results: str | Path, experiment: str, learner: str, variant: str = "test") -> "Loaded":
    """A learner of a finished run, with all its seeds and its task; `LookupError` names what there is."""
    from icgd.analysis.loaded import load_learners

    return load_learners(Path(results), experiment, learner, variant)


def metrics(results: str | Path) -> "pd.DataFrame":
    """The tidy table of a finished run."""
    from icgd.results.job import Artefact
    from icgd.results.tables import load_table

    return load_table(Artefact(Path(results) / "metrics.parquet"))
