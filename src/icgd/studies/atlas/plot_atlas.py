"""The atlas: how far every trained model is from every algorithm, in and out of distribution."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from icgd.plotting.style import MODELS, PAGE, label

DISTANCE, VERDICT = "relative_distance_to_", "is_"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All relative distances and verdicts, without their standard errors."""
    kept = metrics["metric"].str.startswith((DISTANCE, VERDICT))
    return metrics[kept & ~metrics["metric"].str.endswith("standard_error")]


def draw(table: pd.DataFrame, *, models: list[str], algorithms: list[str]) -> Figure:
    """Above the training law, below the mean over all shifts; a frame marks the nearest algorithm."""
    figure, axes = plt.subplots(2, 1, figsize=(PAGE, 4.2), sharex=True)
    test = table["condition"] == "test"
    for panel, rows, title in (
        (axes[0], table[test], "training law"),
        (axes[1], table[~test], "out of distribution (mean over shifts)"),
    ):
        image = _panel(panel, rows, models, algorithms)
        panel.set_title(title, loc="left")
    axes[1].set_xticks(range(len(algorithms)), [label(name) for name in algorithms], rotation=60, ha="right")
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=30)
    bar.set_label("distance / typical label")
    return figure


def _panel(panel: Axes, rows: pd.DataFrame, models: list[str], algorithms: list[str]) -> AxesImage:
    means = rows.pivot_table(index="learner", columns="metric", values="mean")
    apart = means.reindex(index=models, columns=[DISTANCE + a for a in algorithms]).to_numpy()
    verdict = means.reindex(index=models, columns=[VERDICT + a for a in algorithms]).to_numpy()
    image = panel.imshow(apart, norm=LogNorm(0.01, 1.0, clip=True), cmap="cividis", aspect="auto")
    for (row, column), value in np.ndenumerate(apart):
        colour = "white" if value < 0.12 else "black"
        sure = verdict[row, column] == 1
        text = f"{value:.2f}".lstrip("0") if value < 9.5 else ">9"
        panel.text(
            column, row, text, ha="center", va="center", fontsize=6, color=colour,
            fontweight="bold" if sure else "normal",
        )  # fmt: skip
        if column == np.nanargmin(apart[row]):
            width = 2.0 if sure else 0.8
            style = "-" if sure else "--"
            frame = (column - 0.5, row - 0.5)
            panel.add_patch(
                Rectangle(frame, 1, 1, fill=False, edgecolor="#D55E00", linewidth=width, linestyle=style)
            )
    panel.set_yticks(range(len(models)), [MODELS[name] for name in models])
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    return image
