"""The spectrum of XᵀX before and after each step of GD++ and each trained layer."""

import itertools
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, PAGE, curve
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

DEEPEST = 4.5
"""The layer at the end of the colour scale, which all panels share."""
DASHES = ("-", "-", "--", "--", ":", ":")
"""Of the gains: learners come in pairs, an algorithm and its model."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Densities by layer and gains by eigenvalue."""
    return rows(metrics, metric=["density", "gain"])


def draw(
    table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName], shown: Literal["densities", "gains"]
) -> Figure:
    """A panel for every learner with its densities at each depth, or the gains of all first layers in one."""
    return {"densities": _all_densities, "gains": _gains}[shown](table, looks, learners)


def _all_densities(table: pd.DataFrame, looks: Looks, learners: list[str]) -> Figure:
    figure, axes = plt.subplots(1, len(learners), figsize=(PAGE, 1.9), sharey=True)
    for panel, learner in zip(axes, learners, strict=True):
        _densities(panel, rows(table, metric="density", learner=learner))
        panel.set(title=looks[learner].name, xlabel=r"eigenvalue / mean", xlim=(0, 3.5), ylim=(0, 2.0))
    axes[0].set(ylabel="density")
    axes[-1].legend(title="after layer", title_fontsize=7, fontsize=7, handlelength=1)
    return figure


def _gains(table: pd.DataFrame, looks: Looks, learners: list[str]) -> Figure:
    figure, axes = plt.subplots(figsize=(COLUMN, 1.8))
    gain = rows(table, metric="gain").dropna(subset="mean")
    for learner, dashes in zip(learners, itertools.cycle(DASHES), strict=False):
        mine, look = rows(gain, learner=learner), looks[learner]
        curve(axes, mine["eigenvalue"], mine, look, label=look.name, marker="", linestyle=dashes)
    axes.set(xlabel=r"eigenvalue of $X^\top X$", ylabel="relative gain", ylim=(0, None))
    axes.legend(fontsize=7, handlelength=1.5, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_xlim(0, np.ceil(gain["eigenvalue"].max()))
    return figure


def _densities(panel: Axes, density: pd.DataFrame) -> None:
    """A line of steps per layer, darkest where no layer has acted."""
    shades = plt.get_cmap("viridis")
    for layer in sorted(density["layer"].unique()):
        mine = rows(density, layer=layer).sort_values("relative_eigenvalue")
        x, y = (mine[column].to_numpy(float) for column in ("relative_eigenvalue", "mean"))
        panel.step(x, y, where="post", color=shades(layer / DEEPEST), label=str(layer))
