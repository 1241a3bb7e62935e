"""Which algorithm is it? Distance of the trained layer to gradient descent and to each rival."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from icgd.plotting.style import COLUMN, look

PANELS = {"prediction_l2": "prediction difference", "sensitivity_l2": "sensitivity difference"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Distances on the training law, at the end of training."""
    wanted = tuple(f"{panel}_to_" for panel in PANELS)
    kept = metrics["metric"].str.startswith(wanted) & (metrics["condition"] == "test")
    kept &= ~metrics["metric"].str.endswith("standard_error") & (metrics["learner"] == "transformer")
    return metrics[kept & (metrics["step"] == metrics.loc[kept, "step"].max())]


def draw(table: pd.DataFrame) -> Figure:
    """Points on a logarithmic scale, nearest first, with intervals over seeds."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 1.5), sharey=True)
    for panel, (metric, title) in zip(axes, PANELS.items(), strict=True):
        rows = table[table["metric"].str.startswith(metric)]
        rows = rows.assign(rival=rows["metric"].str.removeprefix(f"{metric}_to_")).sort_values(
            "mean", ascending=False
        )
        for row in rows.to_dict("records"):
            name, colour, shape = look(row["rival"])
            error = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
            panel.errorbar(row["mean"], name, xerr=error, fmt=shape, color=colour, markersize=5)
        panel.set(xscale="log", xlabel=title)
        panel.margins(x=0.15, y=0.15)
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.grid(axis="x", linewidth=0.3)
    return figure
