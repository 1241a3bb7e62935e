"""Roll-outs of labels alone, by damping (TLIG, figure 10)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

LIMITS = (0.0, 0.27)
"""Of the source's axis."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses after every application."""
    return rows(metrics, metric="loss", option=None, damping=...)


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """A panel per damping."""
    dampings = sorted(table["damping"].unique(), reverse=True)
    figure, axes = plt.subplots(1, len(dampings), figsize=(PAGE, 1.9), sharey=True, squeeze=False)
    for axis, damping in zip(axes[0], dampings, strict=True):
        for learner in learners:
            mine = rows(table, learner=learner, damping=damping)
            curve(axis, mine["times"], mine, looks[learner], marker="")
        axis.set(ylim=LIMITS, xlabel="applications", title=rf"$\lambda={damping:g}$")
    axes[0, 0].set(ylabel="test loss")
    legend_above(figure, *axes[0])
    return figure
