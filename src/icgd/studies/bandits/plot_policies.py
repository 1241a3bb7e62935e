"""Total variation of learners to rivals; frames for the nearest and what seeds cannot tell from it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

DISTANCE, AGAINST_SEEDS, SEEDS = "total_variation", "nearest_over_seeds_apart", "seeds_apart"
TWICE = 2.0
"""The nearest rival is named if it is within so many distances between seeds."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Distances, those between seeds, and how the least compares with these."""
    return rows(metrics, metric=[DISTANCE, AGAINST_SEEDS, SEEDS])


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    learners: list[LearnerName],
    rivals: list[LearnerName],
    behaviours: dict[str, str],
) -> Figure:
    """A panel for each behaviour and its title: a solid frame for what a learner is, a dashed one if none.

    Dotted: rivals that are further than the nearest by no more than seeds are from each other.
    """
    figure, axes = plt.subplots(
        len(behaviours), 1, figsize=(PAGE, 1.1 + 1.7 * len(behaviours)), sharex=True, squeeze=False
    )
    for panel, (behaviour, title) in zip(axes[:, 0], behaviours.items(), strict=True):
        image = _panel(panel, rows(table, behaviour=behaviour), learners, rivals)
        panel.set_yticks(range(len(learners)), [looks[name].name for name in learners])
        panel.set_title(title, loc="left")
    names = [looks[name].name for name in rivals]
    axes[-1, 0].set_xticks(range(len(rivals)), names, rotation=60, ha="right")
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30)
    bar.set_label("total variation")
    return figure


def _panel(panel: Axes, mine: pd.DataFrame, learners: list[str], rivals: list[str]) -> AxesImage:
    apart = np.full((len(learners), len(rivals)), np.nan)
    for (i, learner), (j, rival) in ((a, b) for a in enumerate(learners) for b in enumerate(rivals)):
        found = rows(mine, metric=DISTANCE, learner=learner, reference=rival)
        apart[i, j] = found["mean"].iloc[0] if len(found) else np.nan
    image = panel.imshow(apart, norm=LogNorm(0.01, 0.6, clip=True), cmap="cividis", aspect="auto")
    for (i, j), value in np.ndenumerate(apart):
        if np.isfinite(value):
            text = (f"{value:.3f}" if value < 0.1 else f"{value:.2f}").lstrip("0")
            colour = "white" if value < 0.09 else "black"
            panel.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
    for i, learner in enumerate(learners):
        sure = (rows(mine, metric=AGAINST_SEEDS, learner=learner)["mean"] <= TWICE).all()
        nearest = int(np.nanargmin(apart[i]))
        _frame(panel, i, nearest, *((2.0, "-") if sure else (1.0, "--")))
        between = rows(mine, metric=SEEDS, learner=learner)["mean"].mean()
        for other in np.flatnonzero(apart[i] <= apart[i, nearest] + between):
            if other != nearest:
                _frame(panel, i, int(other), 1.2, ":")
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    return image


def _frame(panel: Axes, row: int, column: int, width: float, line: str) -> None:
    where = (column - 0.46, row - 0.46)  # inside the cell, so that neighbours' frames do not meet
    panel.add_patch(
        Rectangle(where, 0.92, 0.92, fill=False, edgecolor="#D55E00", linewidth=width, linestyle=line)
    )
