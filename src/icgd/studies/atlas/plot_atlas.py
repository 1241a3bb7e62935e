"""The atlas: how far every trained model is from every algorithm, in and out of distribution."""

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


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All relative distances and verdicts."""
    return rows(metrics, metric=[DISTANCE, VERDICT])


def draw(
    table: pd.DataFrame, looks: Looks, *, models: list[LearnerName], algorithms: list[LearnerName]
) -> Figure:
    """Above the training law, below the mean over all shifts; a frame marks the nearest algorithm."""
    figure, axes = plt.subplots(2, 1, figsize=(PAGE, 4.2), sharex=True)
    for panel, (title, option) in zip(axes, PANELS.items(), strict=True):
        mine = rows(table, option=option)
        apart, verdict = (_matrix(mine, metric, models, algorithms) for metric in (DISTANCE, VERDICT))
        image = _panel(panel, apart, verdict == 1)
        panel.set_yticks(range(len(models)), [looks[name].name for name in models])
        panel.set_title(title, loc="left")
    labels = [looks[name].label for name in algorithms]
    axes[1].set_xticks(range(len(algorithms)), labels, rotation=60, ha="right")
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30)
    bar.set_label("distance / typical label")
    return figure


def _matrix(table: pd.DataFrame, metric: str, models: list[str], algorithms: list[str]) -> np.ndarray:
    """Means of a metric, models × algorithms; NaN where there is none."""
    means = rows(table, metric=metric).pivot_table(index="learner", columns="reference", values="mean")
    return means.reindex(index=models, columns=algorithms).to_numpy(float)


def _panel(panel: Axes, apart: np.ndarray, sure: np.ndarray) -> AxesImage:
    """Distances as colours and numbers, bold where the model is the algorithm."""
    image = panel.imshow(apart, norm=LogNorm(0.01, 1.0, clip=True), cmap="cividis", aspect="auto")
    for (row, column), value in np.ndenumerate(apart):
        text = f"{value:.2f}".lstrip("0") if value < 9.5 else ">9"
        colour, weight = "white" if value < 0.12 else "black", "bold" if sure[row, column] else "normal"
        panel.text(column, row, text, ha="center", va="center", fontsize=6, color=colour, fontweight=weight)
        if column == np.nanargmin(apart[row]):
            width, line = (2.0, "-") if sure[row, column] else (0.8, "--")
            panel.add_patch(
                Rectangle(
                    (column - 0.5, row - 0.5),
                    1,
                    1,
                    fill=False,
                    edgecolor="#D55E00",
                    linewidth=width,
                    linestyle=line,
                )
            )
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    return image
