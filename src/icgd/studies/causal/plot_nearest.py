"""Which algorithm a causal stack is nearest to after each example, and whether the data tell."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, PAGE, curve
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

DISTANCE, TOLD = "relative_distance", "told_apart"
FOREMOST = 2
"""Algorithms that are among so many nearest at some position are drawn."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Distances by position and reference, and whether the two least are told apart."""
    return rows(metrics, metric=[DISTANCE, TOLD], position=..., option=None)


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """A panel for each learner: the distances to its foremost rivals, below which one is nearest."""
    width = PAGE if len(learners) > 2 else COLUMN
    figure, axes = plt.subplots(1, len(learners), figsize=(width, 2.5), sharey=True, squeeze=False)
    for panel, learner in zip(axes[0], learners, strict=True):
        mine = rows(table, learner=learner)
        _distances(panel, rows(mine, metric=DISTANCE), looks)
        _strip(panel, rows(mine, metric=DISTANCE), rows(mine, metric=TOLD), looks)
        panel.set(title=looks[learner].name, xlabel="examples seen $n$", yscale="log")
        panel.margins(y=0.15)
        panel.legend(fontsize=7, handlelength=1.8, loc="upper center", bbox_to_anchor=(0.5, -0.3))
    axes[0, 0].set(ylabel="distance of predictions")
    return figure


def _ranked(distances: pd.DataFrame) -> pd.DataFrame:
    """With the rank of each reference among those of its position, 1 for the nearest."""
    return distances.assign(rank=distances.groupby("position")["mean"].rank(method="first"))


def _distances(panel: Axes, distances: pd.DataFrame, looks: Looks) -> None:
    ranked = _ranked(distances)
    foremost = ranked[ranked["rank"] <= FOREMOST]["reference"]
    drawn: list[str] = []
    for reference in foremost.value_counts().index:
        mine, look = rows(distances, reference=reference), looks[reference]
        style = "--" if look.colour in drawn else "-"  # of one family
        curve(panel, mine["position"], mine, look, label=look.name, marker="", linestyle=style)
        drawn.append(look.colour)


def _strip(panel: Axes, distances: pd.DataFrame, told: pd.DataFrame, looks: Looks) -> None:
    """A square in the nearest one's colour; empty where it is not told from the next on every seed."""
    nearest = rows(_ranked(distances), rank=1.0).sort_values("position")
    for row in nearest.to_dict("records"):
        certain = (rows(told, position=row["position"])["min"] == 1).all()
        colour = looks[row["reference"]].colour
        panel.plot(
            float(row["position"]), 0.03, "s", color=colour, markerfacecolor=colour if certain else "none",
            markersize=2.5, transform=panel.get_xaxis_transform(), clip_on=False,
        )  # fmt: skip
