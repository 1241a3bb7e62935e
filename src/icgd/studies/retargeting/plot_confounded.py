"""What networks follow whose objective was confounded with a property of the data in training."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import COLUMN

PANELS = {"noise": "family of the noise", "scale": "scale of the labels"}
LINES = {
    "error_to_asked": ("objective asked for", "#0072B2", "o", "-"),
    "error_to_property": ("what the property stood for", "#D55E00", "s", "-"),
    "error_where_tied": ("where both agree", "#888888", "X", "--"),
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors to what was asked for and to what the property stood for."""
    return metrics[metrics["metric"].isin(LINES)]


def draw(table: pd.DataFrame) -> Figure:
    """A panel per property; from left to right fewer prompts of training had the confound."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 2.0), sharey=True)
    for panel, (confound, title) in zip(axes, PANELS.items(), strict=True):
        mine = table[table["learner"].str.startswith(f"{confound}_")]
        shares = mine["learner"].str.split("_").str[1].astype(int)
        order = sorted(set(shares))
        for metric, (name, colour, marker, line) in LINES.items():
            rows = mine[mine["metric"] == metric].assign(share=shares).sort_values("share")
            x = [order.index(share) for share in rows["share"]]
            panel.plot(x, rows["mean"], line, marker=marker, color=colour, label=name)
            panel.fill_between(x, rows["low"], rows["high"], color=colour, alpha=0.25, linewidth=0)
        panel.set_xticks(range(len(order)), map(str, order))
        panel.set(title=title, xlabel="unconfounded (%)", yscale="log")
    axes[0].set(ylabel="error to descent on")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=2, fontsize=6.5)
    return figure
