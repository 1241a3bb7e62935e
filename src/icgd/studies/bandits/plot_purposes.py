"""What is attained of each objective when each is asked for, and what a change of parameters costs."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, spread
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

OBJECTIVES = {"max": "most", "min": "least", "target": r"near $\frac{1}{2}$"}
SHAPES = {"start": "o", "vectors": "^", "biases": "v", "rank_1": "s", "rank_4": "D", "all": "P"}
NAMES = {
    "start": "start vector",
    "vectors": "vector per block",
    "biases": "biases",
    "rank_1": "rank 1",
    "rank_4": "rank 4",
    "all": "all",
}
TRAINED, RANDOM = "#0072B2", "#D55E00"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Utilities by what is asked, errors and sizes of changes, and errors of the best temperature."""
    wanted = ["utility", "change_error", "change_parameters", "temperature_error"]
    return rows(metrics, metric=wanted, option=None)


def draw(
    table: pd.DataFrame, looks: Looks, *, told: list[LearnerName], explicit: list[LearnerName]
) -> Figure:
    """Matrices of utilities for told learners and the algorithms, then errors by parameters changed."""
    figure = plt.figure(figsize=(PAGE, 4.4))
    upper, lower = np.asarray(figure.subfigures(2, 1, height_ratios=[1, 1.25]))
    matrices = upper.subplots(1, len(told) + 1)
    for panel, learner in zip(matrices[:-1], told, strict=True):
        _matrix(panel, rows(table, metric="utility", learner=learner), looks[learner].name)
    _matrix(matrices[-1], rows(table, metric="utility", learner=explicit), "posterior sampling")
    matrices[0].set_ylabel("asked for")
    costs = lower.subplots(1, 2)
    for panel, objective in zip(costs, ("min", "target"), strict=True):
        _costs(panel, table, objective)
        panel.set(
            title=f"to: {OBJECTIVES[objective]}", xlabel="parameters changed", xscale="log", yscale="log"
        )
    costs[0].set_ylabel("error to posterior sampling")
    handles, names = costs[-1].get_legend_handles_labels()
    lower.legend(handles, names, loc="outside right center")
    return figure


def _matrix(panel: Axes, mine: pd.DataFrame, title: str) -> None:
    table = mine.pivot_table(index="asked", columns="objective", values="mean")
    values = table.loc[list(OBJECTIVES), list(OBJECTIVES)].to_numpy()
    best = values.max(axis=0)
    panel.imshow(values / best, cmap="cividis", vmin=0.2, vmax=1.0)
    for (i, j), value in np.ndenumerate(values):
        colour = "white" if value / best[j] < 0.65 else "black"
        panel.text(j, i, f"{value:.3f}".lstrip("0"), ha="center", va="center", fontsize=7, color=colour)
    names = list(OBJECTIVES.values())
    panel.set_xticks(range(3), names)
    panel.set_yticks(range(3), names)
    panel.set(title=title, xlabel="attained")
    panel.tick_params(length=0)


def _costs(panel: Axes, table: pd.DataFrame, objective: str) -> None:
    """A point for each change, of the trained and of the random network."""
    errors = rows(table, metric="change_error", objective=objective)
    for row in errors.to_dict("records"):
        random, part = row["network"] == "random", row["part"]
        size = rows(table, metric="change_parameters", learner=row["learner"])["mean"].iloc[0]
        ends = [[float(end.iloc[0])] for end in spread(errors[errors["learner"] == row["learner"]])]
        panel.errorbar(
            [size], [row["mean"]], np.abs(ends), fmt=SHAPES[part], color=RANDOM if random else TRAINED,
            fillstyle="none", markersize=4, label=None if random else NAMES[part],
        )  # fmt: skip
    panel.plot([], [], "o", color=RANDOM, fillstyle="none", markersize=4, label="random network")
    level = rows(table, metric="temperature_error", objective=objective)["mean"].iloc[0]
    panel.axhline(level, color="black", linestyle="--", linewidth=0.9, label="temperature", zorder=0)
