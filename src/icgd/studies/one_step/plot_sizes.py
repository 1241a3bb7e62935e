"""Loss against problem size N = D (TLIG, figure 2 centre right)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import COLUMN, label, look, numbers, points

LEARNERS = ["closed_form", "gd", "transformer", "interpolation"]


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses of all sizes, and the excess of the trained ones."""
    size = metrics["condition"].str.startswith("size=")
    kept = metrics["metric"].isin(["loss", "relative_excess_loss"])
    return metrics[size & kept & metrics["learner"].isin(LEARNERS)]


def draw(table: pd.DataFrame) -> Figure:
    """Above the losses; below each learner's range of excess over one step, in percent.

    The panels show what the closed form's scale can hold: the interpolation of a seed that failed
    to train is far outside.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=(COLUMN, 2.9), sharex=True, height_ratios=(3, 2))
    exact = table[table["learner"] == "closed_form"]
    above.plot(numbers(exact["condition"]), exact["mean"], color="#BBBBBB", linewidth=3, label="closed form")
    for learner, size in (("gd", 6.5), ("transformer", 4.5), ("interpolation", 2.5)):
        rows = table[table["learner"] == learner]
        loss = rows[(rows["metric"] == "loss") & (rows["mean"] < 2 * exact["mean"].max())]
        points(above, numbers(loss["condition"]), loss, learner, size)
        if learner != "gd":
            excess = rows[rows["metric"] == "relative_excess_loss"]
            shift = {"transformer": -0.25, "interpolation": 0.25}[learner]
            x, name, colour = numbers(excess["condition"]) + shift, label(learner), look(learner)[1]
            below.vlines(x, 100 * excess["min"], 100 * excess["max"], color=colour, linewidth=4, label=name)
    below.axhline(0, color="black", linewidth=0.6)
    above.set(ylabel="test loss", ylim=(0, 1.15 * exact["mean"].max()))
    above.legend()
    below.set(xlabel="$N = D$", ylabel="excess (%)", ylim=(-0.5, 200))
    below.set_yscale("symlog", linthresh=1)
    below.set_yticks([0, 1, 10, 100], ["0", "1", "10", "100"])
    return figure
