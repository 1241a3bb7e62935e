"""Which algorithm is it? Distance of the trained layer to gradient descent and to each rival."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plots.style import COLUMN, LOOKS

PANELS = {"prediction_l2": "prediction difference", "sensitivity_l2": "sensitivity difference"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Distances on the training law, at the end of training."""
    kept = metrics["metric"].str.startswith(tuple(PANELS)) & (metrics["condition"] == "test")
    kept &= ~metrics["metric"].str.contains("over_nearest") & (metrics["learner"] == "transformer")
    return metrics[kept & (metrics["step"] == metrics.loc[kept, "step"].max())]


def draw(table: pd.DataFrame) -> Figure:
    """Horizontal bars on a logarithmic scale, nearest first, with intervals over seeds."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 1.6), sharey=True)
    for panel, (metric, title) in zip(axes, PANELS.items(), strict=True):
        rows = table[table["metric"].str.startswith(metric)]
        rivals = rows["metric"].str.removeprefix(metric).str.removeprefix("_to_").replace("", "gd")
        rows = rows.assign(rival=rivals).sort_values("mean", ascending=False)
        colours = [LOOKS[rival][1] for rival in rows["rival"]]
        error = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
        names = [LOOKS[rival][0] for rival in rows["rival"]]
        panel.barh(names, rows["mean"], xerr=error, color=colours, height=0.65)
        panel.set(xscale="log", xlabel=title)
    return figure
