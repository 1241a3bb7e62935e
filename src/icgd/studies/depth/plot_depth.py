"""Deeper models over training: loss beside the algorithms', and whose sensitivities they have."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, curve, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

LOSS, COSINE = "bounded_loss", "sensitivity_cosine"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses on the training law and all cosines."""
    return rows(metrics, option=None, metric=[LOSS, COSINE])


def draw(table: pd.DataFrame, looks: Looks, *, panels: list[list[LearnerName]], names: list[str]) -> Figure:
    """A column per panel [model, algorithm, …]: above losses, below cosines with the algorithms.

    names: what the legend, which all columns share, calls a panel's algorithms, in their order.
    """
    figure, axes = plt.subplots(
        2, len(panels), figsize=(COLUMN, 2.9), sharex="col", sharey="row", squeeze=False
    )
    for (above, below), (model, *algorithms) in zip(axes.T, panels, strict=True):
        loss = rows(table, metric=LOSS, learner=model)
        curve(above, loss["step"], loss, looks[model], marker="")
        for place, algorithm in enumerate(algorithms):
            level = rows(table, metric=LOSS, learner=algorithm)["mean"].iloc[0]
            line = {"color": looks[algorithm].colour, "linestyle": "--", "label": names[place]}
            above.axhline(level, zorder=0, **line)
            cosine = rows(table, metric=COSINE, learner=model, reference=algorithm)
            if len(cosine):
                curve(below, cosine["step"], cosine, looks[algorithm], marker="")
        above.set_title(looks[model].name)
        below.set(xlabel="training step")
        below.axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
    fullest = max(axes[0], key=lambda panel: len(panel.lines))
    legend_above(figure, fullest)
    axes[0, 0].set(ylabel="test loss", yscale="log", ylim=(0.001, 0.6))
    axes[1, 0].set(ylabel="sensitivity cosine", ylim=(0.6, 1.02))
    return figure
