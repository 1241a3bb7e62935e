"""What is attained of each objective when each is asked for."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName
from icgd.studies.retargeting.display import matrix, title


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Matrices on the training law."""
    return rows(metrics, metric="attainment", option=None)


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """A matrix for each learner."""
    figure, axes = plt.subplots(1, len(learners), figsize=(PAGE, 2.2), sharey=True, squeeze=False)
    for panel, learner in zip(axes[0], learners, strict=True):
        matrix(panel, rows(table, learner=learner))
        panel.set(title=title(learner, looks), xlabel="attained")
    axes[0, 0].set(ylabel="asked for")
    return figure
