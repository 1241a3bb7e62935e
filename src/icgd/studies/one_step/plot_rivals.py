"""Which algorithm is it? Distance of the trained layer to gradient descent and to each rival."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from icgd.analysis.intervals import final
from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN
from icgd.plotting.looks import Looks

PANELS = {"prediction_l2": "prediction difference", "sensitivity_l2": "sensitivity difference"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Distances on the training law, at the end of training."""
    return rows(final(metrics), learner="transformer", option=None, metric=list(PANELS))


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """Points on a logarithmic scale, nearest first, with intervals over seeds."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 1.5), sharey=True)
    for panel, (metric, title) in zip(axes, PANELS.items(), strict=True):
        for row in rows(table, metric=metric).sort_values("mean", ascending=False).to_dict("records"):
            look = looks[row["reference"]]
            error = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
            panel.errorbar(
                row["mean"], look.label, xerr=error, fmt=look.marker, color=look.colour, markersize=5
            )
        panel.set(xscale="log", xlabel=title)
        panel.margins(x=0.15, y=0.15)
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.grid(axis="x", linewidth=0.3)
    return figure
