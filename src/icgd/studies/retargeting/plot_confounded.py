"""What networks follow whose objective was confounded with a property of the data in training."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN
from icgd.plotting.looks import Looks

PANELS = {"noise": "family of the noise", "scale": "scale of the labels"}
LINES = {
    "error_to_asked": ("objective asked for", "#0072B2", "o", "-"),
    "error_to_property": ("what the property stood for", "#D55E00", "s", "-"),
    "error_where_tied": ("where both agree", "#888888", "X", "--"),
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors to what was asked for and to what the property stood for."""
    return rows(metrics, metric=list(LINES))


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """A panel per property; from left to right fewer prompts of training had the confound."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 2.0), sharey=True)
    for panel, (confound, title) in zip(axes, PANELS.items(), strict=True):
        mine = rows(table, confound=confound).sort_values("untied")
        order = list(mine["untied"].unique())
        for metric, (name, colour, marker, line) in LINES.items():
            found = rows(mine, metric=metric)
            x = [order.index(share) for share in found["untied"]]
            panel.plot(x, found["mean"], line, marker=marker, color=colour, label=name)
            panel.fill_between(x, found["low"], found["high"], color=colour, alpha=0.25, linewidth=0)
        panel.set_xticks(range(len(order)), [f"{share:g}" for share in order])
        panel.set(title=title, xlabel="unconfounded (%)", yscale="log")
    axes[0].set(ylabel="error to descent on")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=2, fontsize=6.5)
    return figure
