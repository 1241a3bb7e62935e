"""Deeper models over training: loss beside the algorithms', and whose sensitivities they have."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

LOSS, COSINE = "bounded_loss", "sensitivity_cosine"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses on the training law and all cosines."""
    return rows(metrics, option=None, metric=[LOSS, COSINE])


def draw(table: pd.DataFrame, looks: Looks, *, panels: dict[LearnerName, dict[str, LearnerName]]) -> Figure:
    """A column per model: above losses, below cosines with the algorithms of its depth.

    panels: by model, its algorithms by what the legend, which all columns share, calls them.
    """
    figure, axes = plt.subplots(
        2, len(panels), figsize=(PAGE, 3.1), sharex="col", sharey="row", squeeze=False
    )
    for (above, below), (model, algorithms) in zip(axes.T, panels.items(), strict=True):
        loss = rows(table, metric=LOSS, learner=model)
        curve(above, loss["step"], loss, looks[model], marker="")
        for label, algorithm in algorithms.items():
            level = rows(table, metric=LOSS, learner=algorithm)["mean"].iloc[0]
            above.axhline(level, color=looks[algorithm].colour, linestyle="--", label=label, zorder=0)
            cosine = rows(table, metric=COSINE, learner=model, reference=algorithm)
            if len(cosine):
                curve(below, cosine["step"], cosine, looks[algorithm], marker="")
        above.set_title(looks[model].name)
        below.set(xlabel="training step")
        below.axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
    fullest = max(axes[0], key=lambda panel: len(panel.lines))
    handles, names = fullest.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    axes[0, 0].set(ylabel="test loss", yscale="log", ylim=(0.001, 0.6))
    axes[1, 0].set(ylabel="sensitivity cosine", ylim=(0.6, 1.02))
    return figure
