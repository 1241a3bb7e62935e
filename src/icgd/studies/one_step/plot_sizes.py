"""Loss against problem size N = D (TLIG, figure 2 centre right)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, numbers, points
from icgd.plotting.looks import Looks

TRAINED = {"transformer": -0.25, "interpolation": 0.25}
"""The learners whose excess is shown, with shifts that keep their bars apart."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses of all sizes, and the excess of the trained ones over one step."""
    sizes = rows(metrics, option="size", learner=["closed_form", "gd", *TRAINED])
    return pd.concat([rows(sizes, metric="loss"), rows(sizes, metric="relative_excess_loss", reference="gd")])


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """Above the losses; below each learner's range of excess over one step, in percent.

    The panels show what the closed form's scale can hold: the interpolation of a seed that failed
    to train is far outside.
    """
    figure, (above, below) = plt.subplots(2, 1, figsize=(COLUMN, 2.9), sharex=True, height_ratios=(3, 2))
    table = table.assign(size=numbers(table["setting"])).sort_values("size")
    exact = rows(table, learner="closed_form", metric="loss")
    above.plot(exact["size"], exact["mean"], color="#BBBBBB", linewidth=3, label="closed form")
    for learner, marker in (("gd", 6.5), ("transformer", 4.5), ("interpolation", 2.5)):
        loss = rows(table, learner=learner, metric="loss")
        loss = loss[loss["mean"] < 2 * exact["mean"].max()]
        points(above, loss["size"], loss, looks[learner], marker)
    for learner, shift in TRAINED.items():
        excess = rows(table, learner=learner, metric="relative_excess_loss")
        look = looks[learner]
        x, ends = excess["size"] + shift, (100 * excess["min"], 100 * excess["max"])
        below.vlines(x, *ends, color=look.colour, linewidth=4, label=look.label)
    below.axhline(0, color="black", linewidth=0.6)
    above.set(ylabel="test loss", ylim=(0, 1.15 * exact["mean"].max()))
    above.legend()
    below.set(xlabel="$N = D$", ylabel="excess (%)", ylim=(-0.5, 200))
    below.set_yscale("symlog", linthresh=1)
    below.set_yticks([0, 1, 10, 100], ["0", "1", "10", "100"])
    return figure
