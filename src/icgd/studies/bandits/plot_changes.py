"""What a change of a network's parameters costs: error to posterior sampling for a new objective, by size."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, legend_above, spread
from icgd.plotting.looks import Looks

TITLES = {"min": "to the least reward", "target": r"to arms near $\frac{1}{2}$"}
PARTS = {
    "start": ("start vector", "o"),
    "vectors": ("vector per block", "^"),
    "biases": ("biases", "v"),
    "rank_1": ("rank 1", "s"),
    "rank_4": ("rank 4", "D"),
    "all": ("all", "P"),
}
"""Names and marks."""
NETWORKS = {"base": ("of the trained network", "#0072B2"), "random": ("of a random network", "#D55E00")}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors and sizes of changes, and errors of the best temperature."""
    return rows(metrics, metric=["change_error", "change_parameters", "temperature_error"], option=None)


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """A panel for each objective, a mark for each part, a colour for what it is changed of."""
    figure, axes = plt.subplots(1, len(TITLES), figsize=(PAGE, 2.7), sharey=True)
    for panel, (objective, title) in zip(axes, TITLES.items(), strict=True):
        _panel(panel, rows(table, objective=objective))
        panel.set(title=title, xlabel="numbers trained", xscale="log", yscale="log")
    axes[0].set_ylabel("error to posterior sampling")
    changed = set(rows(table, metric="change_error")["part"])
    for name, mark in (look for part, look in PARTS.items() if part in changed):
        axes[0].plot([], [], mark, color="black", fillstyle="none", markersize=4, label=name)
    for name, colour in NETWORKS.values():
        axes[0].plot([], [], "-", color=colour, linewidth=4, label=name)
    legend_above(figure, *axes)
    return figure


def _panel(panel: Axes, mine: pd.DataFrame) -> None:
    for row in rows(mine, metric="change_error").to_dict("records"):
        size = rows(mine, metric="change_parameters", learner=row["learner"])["mean"].iloc[0]
        ends = [[float(end.iloc[0])] for end in spread(pd.DataFrame([row]))]
        panel.errorbar(
            [size], [row["mean"]], np.abs(ends), fmt=PARTS[row["part"]][1], color=NETWORKS[row["network"]][1],
            fillstyle="none", markersize=5,
        )  # fmt: skip
    level = rows(mine, metric="temperature_error")["mean"].iloc[0]
    panel.axhline(level, color="black", linestyle="--", linewidth=0.9, label="best temperature", zorder=0)
    panel.axhline(1, color="#888888", linestyle=":", linewidth=0.9, label="random pulls", zorder=0)
