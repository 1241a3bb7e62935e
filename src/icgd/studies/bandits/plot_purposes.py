"""What is attained of each objective when each is asked for, by learners and by algorithms."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE
from icgd.plotting.looks import Looks
from icgd.plotting.matrix import written_matrix
from icgd.ranges import LearnerName

OBJECTIVES = {"max": "most", "min": "least", "target": r"near $\frac{1}{2}$"}
PALE = 0.65
"""Above this share of the most that any attains text is dark."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Utilities by what is asked."""
    return rows(metrics, metric="utility", option=None)


def draw(table: pd.DataFrame, looks: Looks, *, panels: dict[str, list[LearnerName]]) -> Figure:
    """A matrix for each title, of one learner that is told, or of an algorithm for each objective."""
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE, 2.2), squeeze=False)
    for panel, (title, learners) in zip(axes[0], panels.items(), strict=True):
        _matrix(panel, rows(table, learner=learners), title)
    axes[0, 0].set_ylabel("asked for")
    return figure


def _matrix(panel: Axes, mine: pd.DataFrame, title: str) -> None:
    cells = {(row["asked"], row["objective"]): row["mean"] for row in mine.to_dict("records")}
    assert len(cells) == len(mine)  # of one experiment
    values = np.array([[cells[asked, objective] for objective in OBJECTIVES] for asked in OBJECTIVES])
    shares = values / values.max(axis=0)
    texts = [[f"{value:.3f}".lstrip("0") for value in row] for row in values]
    written_matrix(panel, shares, list(OBJECTIVES.values()), texts, (0.2, 1.0), PALE)
    panel.set(title=title, xlabel="attained")
