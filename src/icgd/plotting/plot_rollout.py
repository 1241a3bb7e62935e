"""A trained layer applied repeatedly with damping (TLIG, figure 3 left)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import COLUMN, PAGE, curve, numbers

METRICS = ["stable_loss", "stable_relative_excess_loss"]


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses at every step of the roll-out, on prompts where the reference converges."""
    steps = metrics["condition"].str.startswith("steps=")
    return metrics[steps & metrics["metric"].isin(METRICS)]


def draw(table: pd.DataFrame, *, panels: list[list[str]]) -> Figure:
    """A column per list of learners, the reference first: losses, and the excess over the reference."""
    width = COLUMN if len(panels) == 1 else PAGE * len(panels) / 3
    figure, axes = plt.subplots(
        2, len(panels), figsize=(width, 2.7), sharex=True, height_ratios=(3, 2), squeeze=False
    )
    for (above, below), learners in zip(axes.T, panels, strict=True):
        for learner in learners:
            rows = table[table["learner"] == learner]
            loss, excess = (rows[rows["metric"] == metric] for metric in METRICS)
            curve(above, numbers(loss["condition"]), loss, learner, marker=False)
            percent = excess.assign(**{c: 100 * excess[c] for c in ("mean", "low", "high")})
            curve(below, numbers(excess["condition"]), percent, learner, marker=False)
        above.lines[0].set_linewidth(3)
        above.set(ylim=(0, None))
        above.legend()
        below.set(xlabel="applications of the layer")
    axes[0, 0].set(ylabel="test loss")
    axes[1, 0].set(ylabel="excess (%)")
    return figure
