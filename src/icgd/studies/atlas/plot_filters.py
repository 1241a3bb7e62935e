"""Learners as spectral filters: what they leave of the weights along each eigenvector."""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

RESPONSE = "response"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Responses at all knots."""
    return rows(metrics, metric=RESPONSE)


def draw(table: pd.DataFrame, looks: Looks, *, panels: list[list[LearnerName]], names: list[str]) -> Figure:
    """A panel for each [model, algorithm, …]: |1 − p(λ)|, where p(λ) is the share that is found.

    names: what the legend, which all panels share, calls a panel's algorithms, in their order.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE, 2.0), sharex=True, sharey=True, squeeze=False)
    for panel, (model, *algorithms) in zip(axes[0], panels, strict=True):
        for place, name in enumerate([model, *algorithms]):
            found, look = rows(table, learner=name).sort_values("knot"), looks[name]
            style: dict[str, Any] = {"label": look.label, "zorder": 2}
            if place:
                style = {"label": names[place - 1], "zorder": 1, "linestyle": "--"}
            panel.plot(found["knot"], (1 - found["mean"]).abs(), color=look.colour, **style)
        panel.set(title=looks[model].name, xlabel=r"eigenvalue $\lambda$ of $S$")
    fullest = max(axes[0], key=lambda panel: len(panel.lines))
    legend_above(figure, fullest)
    axes[0, 0].set(ylabel=r"$|1-p(\lambda)|$", xscale="log", yscale="log", ylim=(1e-3, 1.5))
    return figure
