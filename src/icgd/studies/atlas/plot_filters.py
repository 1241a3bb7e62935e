"""Learners as spectral filters: what they find of the weights along each eigenvector, and what they leave."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

RESPONSE = "response"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Responses at all knots."""
    return rows(metrics, metric=RESPONSE)


def draw(table: pd.DataFrame, looks: Looks, *, panels: list[list[LearnerName]], names: list[str]) -> Figure:
    """A column per panel [model, algorithm, …]: above p(λ), below |1 − p(λ)|.

    names: what the legend, which all columns share, calls a panel's algorithms, in their order.
    """
    figure, axes = plt.subplots(2, len(panels), figsize=(PAGE, 3.1), sharex=True, sharey="row", squeeze=False)
    for (above, below), (model, *algorithms) in zip(axes.T, panels, strict=True):
        for place, name in enumerate([model, *algorithms]):
            found, look = rows(table, learner=name), looks[name]
            style = {"linestyle": "--", "label": names[place - 1], "zorder": 1} if place else {"zorder": 2}
            curve(above, found["knot"], found, look, marker="", **style)
            below.plot(found["knot"], (1 - found["mean"]).abs(), color=look.colour, **style)
        above.set_title(looks[model].name)
        below.set(xlabel=r"eigenvalue $\lambda$ of $S$")
    fullest = max(axes[0], key=lambda panel: len(panel.lines))
    legend_above(figure, fullest)
    axes[0, 0].set(ylabel=r"$p(\lambda)$", xscale="log", ylim=(-0.05, 1.25))
    axes[1, 0].set(ylabel=r"$|1-p(\lambda)|$", yscale="log", ylim=(1e-3, 1.5))
    return figure
