"""A model that is told its objective: what it computes for each, in between, and out of distribution."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.objectives.dial import OBJECTIVES
from icgd.plotting.style import PAGE, curve, look

NAMES = {"l1": "$L_1$", "l2": "$L_2$", "linf": r"$L_\infty$"}
FAMILIES = {
    "noise": "noise",
    "context_length": "$N$",
    "inputs": "inputs",
    "input_scale": "input scale",
    "noise_scale": "noise scale",
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors and cosines of every answer with descent on every objective."""
    kept = metrics["metric"].str.fullmatch("(error|cosine)(_[a-z0-9]+)?_to_(l1|l2|linf)")
    return metrics[kept]


def draw(table: pd.DataFrame, *, learner: str) -> Figure:
    """Above: matrices of R² and of cosines, and mixtures of two prompts; below: errors under shifts."""
    mine = table[table["learner"] == learner]
    figure = plt.figure(figsize=(PAGE, 3.7))
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[1.1, 1])[:, 0]
    axes = above.subplots(1, 5, width_ratios=[1, 1, 0.95, 0.95, 0.95])
    test = mine[mine["condition"] == "test"].set_index("metric")["mean"]
    _matrix(axes[0], "$R^2$", 1 - test, "error")
    _matrix(axes[1], "sensitivity cosine", test, "cosine")
    for panel, pair in zip(axes[2:], itertools.combinations(OBJECTIVES, 2), strict=True):
        _mixture(panel, mine, *pair)
    axes[2].set(ylabel="error to descent")
    for panel in axes[3:]:
        panel.sharey(axes[2])
        panel.tick_params(labelleft=False)
    handles, names = axes[2].get_legend_handles_labels()
    above.legend(handles, names, loc="outside upper right", ncols=len(names))
    _shifts(below.subplots(), mine)
    return figure


def _matrix(panel: Axes, title: str, values: pd.Series, prefix: str) -> None:
    """Rows: the objective asked for; columns: descent on each."""
    keys = [[f"{prefix}_{asked}_to_{other}" for other in OBJECTIVES] for asked in OBJECTIVES]
    cells = np.array([values.loc[row] for row in keys])
    panel.imshow(cells, cmap="cividis", vmin=0.5, vmax=1)
    for (row, column), number in np.ndenumerate(cells):
        colour = "black" if number > 0.8 else "white"
        panel.text(column, row, f"{number:.3f}", ha="center", va="center", color=colour, fontsize=6.5)
    ticks = list(NAMES.values())
    panel.set_xticks(range(3), ticks)
    panel.set_yticks(range(3), ticks)
    panel.set(title=title, xlabel="descent on", ylabel="asked for" if title == "$R^2$" else "")
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)


def _mixture(panel: Axes, mine: pd.DataFrame, first: str, second: str) -> None:
    """Errors to the three algorithms as one prompt turns into another."""
    prefix = f"mix={first}-{second}@"
    rows = mine[mine["condition"].str.startswith(prefix)]
    for objective in OBJECTIVES:
        swept = rows[rows["metric"] == f"error_to_{objective}"]
        curve(panel, swept["condition"].str.removeprefix(prefix).astype(float), swept, objective)
    panel.set(yscale="log", xticks=[0, 0.5, 1], xlabel="mixture of prompts")
    panel.set_xticklabels([NAMES[first], "half", NAMES[second]])


def _shifts(panel: Axes, mine: pd.DataFrame) -> None:
    """The error to descent on what was asked, in every condition."""
    conditions = [c for c in mine["condition"].drop_duplicates() if not c.startswith("mix=")]
    shifts = [c for option in FAMILIES for c in conditions if c.startswith(f"{option}=")]
    order = ["test", *sorted(shifts, key=_place)]
    for offset, objective in zip((-0.2, 0.0, 0.2), OBJECTIVES, strict=True):
        rows = mine[mine["metric"] == f"error_{objective}_to_{objective}"].set_index("condition").loc[order]
        _, colour, shape = look(objective)
        error = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
        x = np.arange(len(order)) + offset
        panel.errorbar(x, rows["mean"], error, fmt=shape, color=colour, fillstyle="none")
    panel.set_xticks(range(len(order)), ["training law", *map(_named, order[1:])], rotation=20, ha="right")
    panel.set(yscale="log", ylabel="error to descent\non the objective asked")


def _place(condition: str) -> tuple[int, float, str]:
    """By option, then by value."""
    option, _, value = condition.partition("=")
    return list(FAMILIES).index(option), 0.0 if value.isalpha() else float(value), value


def _named(condition: str) -> str:
    option, _, value = condition.partition("=")
    return f"{value} {FAMILIES[option]}" if value.isalpha() else f"{FAMILIES[option]} = {value}"
