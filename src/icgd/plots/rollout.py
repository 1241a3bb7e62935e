"""The trained layer applied repeatedly with damping (TLIG, figure 3 left)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plots.style import COLUMN, curve, numbers

LEARNERS = ["gd", "interpolation", "transformer"]
METRICS = ["stable_loss", "stable_relative_excess_loss"]


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses at every step of the roll-out, on prompts where gradient descent converges."""
    steps = metrics["condition"].str.startswith("steps=")
    return metrics[steps & metrics["metric"].isin(METRICS)]


def draw(table: pd.DataFrame) -> Figure:
    """Above the loss against the number of applications, below the excess over descent."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(COLUMN, 2.7), sharex=True, height_ratios=(3, 2))
    for learner in LEARNERS:
        rows = table[table["learner"] == learner]
        loss, excess = (rows[rows["metric"] == metric] for metric in METRICS)
        curve(above, numbers(loss["condition"]), loss, learner, marker=False)
        percent = excess.assign(**{c: 100 * excess[c] for c in ("mean", "low", "high")})
        curve(below, numbers(excess["condition"]), percent, learner, marker=False)
    above.lines[0].set_linewidth(3)
    above.set(ylabel="test loss", ylim=(0, None))
    above.legend()
    below.set(xlabel="applications of the layer", ylabel="excess (%)")
    return figure
