"""The trained layer applied repeatedly with damping (TLIG, figure 3 left)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plots.style import COLUMN, curve, numbers

LEARNERS = ["gd", "interpolation", "transformer"]


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses at every step of the roll-out, on prompts where gradient descent converges."""
    steps = metrics["condition"].str.startswith("steps=")
    return metrics[steps & (metrics["metric"] == "stable_loss")]


def draw(table: pd.DataFrame) -> Figure:
    """Loss against the number of applications, on a logarithmic scale."""
    figure, axes = plt.subplots(figsize=(COLUMN, 2.0))
    for learner in LEARNERS:
        rows = table[table["learner"] == learner]
        curve(axes, numbers(rows["condition"]), rows, learner, marker=False)
    axes.set(xlabel="applications of the layer", ylabel="test loss", yscale="log")
    axes.legend()
    return figure
