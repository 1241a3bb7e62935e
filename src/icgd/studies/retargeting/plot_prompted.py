"""A model that is told its objective: what it computes for each, in between, and out of distribution."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, spread
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName
from icgd.studies.retargeting.display import NAMES

OPTIONS = {
    "noise": "noise",
    "context_length": "$N$",
    "inputs": "inputs",
    "input_scale": "input scale",
    "noise_scale": "noise scale",
}
"""Options of the task whose shifts are shown, in order, and how they are called."""
SHIFTED = (-0.2, 0.0, 0.2)
"""Where the three objectives stand beside each other."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors and cosines of every answer with descent on every objective."""
    return rows(metrics, metric=["error", "cosine", "mixed_error"], reference=list(NAMES))


def draw(table: pd.DataFrame, looks: Looks, *, learner: LearnerName) -> Figure:
    """Above: matrices of R² and of cosines, and mixtures of two prompts; below: errors under shifts."""
    mine = rows(table, learner=learner)
    figure = plt.figure(figsize=(PAGE, 3.7))
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[1.1, 1])[:, 0]
    axes = above.subplots(1, 5, width_ratios=[1, 1, 0.95, 0.95, 0.95])
    error, cosine = (rows(mine, option=None, metric=metric) for metric in ("error", "cosine"))
    _matrix(axes[0], error.assign(mean=1 - error["mean"]))
    axes[0].set(title="$R^2$", ylabel="asked for")
    _matrix(axes[1], cosine)
    axes[1].set(title="sensitivity cosine")
    for panel, (first, second) in zip(axes[2:], itertools.combinations(NAMES, 2), strict=True):
        mixed = rows(mine, metric="mixed_error", objective=first, other_objective=second)
        for objective in NAMES:
            swept = rows(mixed, reference=objective)
            curve(panel, swept["share"], swept, looks[objective])
        panel.set(yscale="log", xticks=[0, 0.5, 1], xlabel="mixture of prompts")
        panel.set_xticklabels([NAMES[first], "half", NAMES[second]])
    axes[2].set(ylabel="error to descent")
    for panel in axes[3:]:
        panel.sharey(axes[2])
        panel.tick_params(labelleft=False)
    handles, names = axes[2].get_legend_handles_labels()
    above.legend(handles, names, loc="outside upper right", ncols=len(names))
    _shifts(below.subplots(), rows(mine, metric="error"), looks)
    return figure


def _matrix(panel: Axes, found: pd.DataFrame) -> None:
    """Rows: the objective asked for; columns: descent on each."""
    matrix = found.pivot_table(index="objective", columns="reference", values="mean")
    cells = matrix.loc[list(NAMES), list(NAMES)].to_numpy(float)
    panel.imshow(cells, cmap="cividis", vmin=0.5, vmax=1)
    for (row, column), number in np.ndenumerate(cells):
        colour = "black" if number > 0.8 else "white"
        panel.text(column, row, f"{number:.3f}", ha="center", va="center", color=colour, fontsize=6.5)
    panel.set_xticks(range(3), list(NAMES.values()))
    panel.set_yticks(range(3), list(NAMES.values()))
    panel.set(xlabel="descent on")
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)


def _shifts(panel: Axes, errors: pd.DataFrame, looks: Looks) -> None:
    """The error to descent on what was asked, on the training law and under every shift."""
    shifted = rows(errors, option=list(OPTIONS))[["option", "setting"]].drop_duplicates()
    order = sorted(shifted.itertuples(index=False, name=None), key=_place)
    for offset, objective in zip(SHIFTED, NAMES, strict=True):
        asked, look = rows(errors, objective=objective, reference=objective), looks[objective]
        laws = [rows(asked, option=None), *(rows(asked, option=o, setting=s) for o, s in order)]
        found, x = pd.concat(laws), np.arange(len(laws)) + offset
        panel.errorbar(x, found["mean"], spread(found), fmt=look.marker, color=look.colour, fillstyle="none")
    panel.set_xticks(range(1 + len(order)), ["training law", *map(_named, order)], rotation=20, ha="right")
    panel.set(yscale="log", ylabel="error to descent\non the objective asked")


def _place(shift: tuple[str, str]) -> tuple[int, float, str]:
    """By option, then by value."""
    option, setting = shift
    return list(OPTIONS).index(option), 0.0 if setting.isalpha() else float(setting), setting


def _named(shift: tuple[str, str]) -> str:
    option, setting = shift
    return f"{setting} {OPTIONS[option]}" if setting.isalpha() else f"{OPTIONS[option]} = {setting}"
