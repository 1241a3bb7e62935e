"""Sine waves: losses over training, and functions before and after the examples are seen."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

SHOWN = {"meta": "-", "wave_transformer": "--"}
"""The learners whose functions are drawn, with their lines."""
FLOORS = ("best_step", "best_layer")


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses on the training law, and the functions with their examples."""
    return rows(metrics, option=None, metric=["bounded_loss", "before", "after", "x", "y"])


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName], prompts: int) -> Figure:
    """Left losses, then a panel per prompt with functions, mean and range over seeds, and the examples."""
    figure, axes = plt.subplots(1, 1 + prompts, figsize=(PAGE, 2.1))
    losses = rows(table, metric="bounded_loss")
    for learner in learners:
        mine = rows(losses, learner=learner)
        curve(axes[0], mine["step"], mine, looks[learner], marker="")
    for floor in FLOORS:
        level, look = rows(losses, learner=floor)["mean"].iloc[0], looks[floor]
        axes[0].axhline(level, color=look.colour, linestyle=":", label=look.label, zorder=0)
    axes[0].set(xlabel="training step", ylabel="test loss", yscale="log", ylim=(3e-6, 30))
    axes[0].legend(fontsize=7, handlelength=1.2, loc="center left", bbox_to_anchor=(1, 0.5))
    for index, panel in enumerate(axes[1:]):
        _functions(panel, rows(table, prompt=index), looks)
        panel.set(xlabel="$x$")
    axes[1].set(ylabel="$y$")
    legend_above(figure, axes[1])
    return figure


def _functions(panel: Axes, table: pd.DataFrame, looks: Looks) -> None:
    x, y = (rows(table, metric=axis).sort_values("example")["mean"] for axis in "xy")
    panel.plot(x, y, "ko", label="examples", fillstyle="none", zorder=3)
    for learner, line in SHOWN.items():
        look = looks[learner]
        for part, width in (("before", 0.7), ("after", 1.4)):
            mine = rows(table, learner=learner, metric=part).sort_values("query")
            at = mine["query"].astype(float)
            panel.plot(
                at, mine["mean"], line, color=look.colour, linewidth=width, label=f"{look.label}, {part}"
            )
            panel.fill_between(at, mine["min"], mine["max"], color=look.colour, alpha=0.15, linewidth=0)
