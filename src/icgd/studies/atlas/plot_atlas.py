"""The atlas: how far every model is from the nearest algorithm of each family, in and out of distribution."""

from collections.abc import Mapping
from typing import Any, NamedTuple

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

DISTANCE, VERDICT = "relative_distance", "is_algorithm"
PANELS = {"training law": None, "out of distribution (mean over shifts)": ...}
"""Titles, and the options whose rows are averaged: none or any."""


class Cell(NamedTuple):
    """A model and a family: the distance to its nearest algorithm, that one's name, and the verdict."""

    distance: float
    name: str
    sure: bool


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All relative distances and verdicts."""
    return rows(metrics, metric=[DISTANCE, VERDICT])


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    models: list[LearnerName],
    families: dict[str, dict[LearnerName, str]],
) -> Figure:
    """Above the training law, below the mean over all shifts; a frame marks the nearest family.

    families: the algorithms of each column by name, with what the cell calls the nearest of them.
    """
    figure, axes = plt.subplots(2, 1, figsize=(PAGE, 5.6), sharex=True)
    for panel, (title, option) in zip(axes, PANELS.items(), strict=True):
        cells = [
            [_nearest(rows(table, option=option, learner=model), family) for family in families.values()]
            for model in models
        ]
        image = _panel(panel, cells)
        panel.set_yticks(range(len(models)), [looks[name].name for name in models])
        panel.set_title(title, loc="left")
    axes[1].set_xticks(range(len(families)), list(families), rotation=60, ha="right")
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30)
    bar.set_label("distance / typical label")
    return figure


def _nearest(mine: pd.DataFrame, family: Mapping[str, str]) -> Cell:
    """The algorithm of a family that is nearest to a model by the mean over its rows."""
    apart = rows(mine, metric=DISTANCE, reference=list(family)).groupby("reference")["mean"].mean()
    nearest = str(apart.idxmin())
    sure = rows(mine, metric=VERDICT, reference=nearest)["mean"].mean() == 1
    return Cell(float(apart[nearest]), family[nearest], bool(sure))


def _panel(panel: Axes, cells: list[list[Cell]]) -> AxesImage:
    """Distances as colours and numbers, bold where the model is the algorithm."""
    apart = np.array([[cell.distance for cell in line] for line in cells])
    image = panel.imshow(apart, norm=LogNorm(0.01, 1.0, clip=True), cmap="cividis", aspect="auto")
    for (row, column), value in np.ndenumerate(apart):
        cell = cells[row][column]
        text = (f"{value:.3f}" if value < 0.1 else f"{value:.2f}").lstrip("0") if value < 9.5 else ">9"
        colour, weight = "white" if value < 0.12 else "black", "bold" if cell.sure else "normal"
        style: dict[str, Any] = {"ha": "center", "color": colour, "fontweight": weight}
        panel.text(column, row, text, va="bottom" if cell.name else "center", fontsize=7, **style)
        if cell.name:
            panel.text(column, row + 0.05, cell.name, va="top", fontsize=7, **style)
        if column == np.nanargmin(apart[row]):
            width, line = (2.0, "-") if cell.sure else (0.8, "--")
            where = (column - 0.5, row - 0.5)
            panel.add_patch(
                Rectangle(where, 1, 1, fill=False, edgecolor="#D55E00", linewidth=width, linestyle=line)
            )
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    return image
