"""The retargeting curve: how near a changed network comes to a new objective, by the parameters changed."""

import itertools

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, points
from icgd.plotting.looks import Look, Looks
from icgd.studies.retargeting.display import NOTHING, RANDOM, TARGETS, in_order, placed

OTHER = Look("same, random network", "#D55E00", "o")
"""How changes of a random network look, but for their markers."""
LINES = ("-", "-.")


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors to the new objectives, as they are and at the best scale, and numbers of parameters."""
    errors = rows(metrics, metric=["error", "rescaled_error"], reference=list(TARGETS))
    return pd.concat([errors, rows(metrics, metric="trained_parameters")])


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """A panel per new objective; lines are of networks that no change made."""
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    for panel, (target, title) in zip(axes, TARGETS.items(), strict=True):
        mine = placed(table, "error", objective=target, reference=target)
        _changes(panel, mine, looks)
        _lines(panel, table, mine, target, looks)
        panel.set(title=title, xlabel="parameters changed", xscale="log", yscale="log")
    axes[0].set(ylabel="error to descent\non the new objective")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", fontsize=6.5)
    return figure


def _changes(panel: Axes, mine: pd.DataFrame, looks: Looks) -> None:
    """A point per change, of the home and of a random network."""
    changed = mine[mine["start"] != NOTHING]
    for change in in_order(changed["change"], looks):
        for start, found in rows(changed, change=change).groupby("start"):
            known = looks[change]
            shown = Look("", OTHER.colour, known.marker) if start == RANDOM else known
            points(panel, found["size"], found, shown, 5.0)
    panel.plot([], [], OTHER.marker, color=OTHER.colour, fillstyle="none", label=OTHER.label)


def _lines(panel: Axes, table: pd.DataFrame, mine: pd.DataFrame, target: str, looks: Looks) -> None:
    """Levels of the home, as it is and at the best scale, and of networks that started from nothing."""
    home = rows(table, metric="rescaled_error", reference=target)
    error = rows(table, metric="error", learner=list(home["learner"]), reference=target)
    lines = {"unchanged": (error, "black", ":"), "best scale": (home, "black", "--")}
    whole = rows(mine, start=NOTHING)
    for change, line in zip(in_order(whole["change"], looks), itertools.cycle(LINES), strict=False):
        lines[looks[change].label] = (rows(whole, change=change), looks[change].colour, line)
    for name, (level, colour, line) in lines.items():
        panel.axhline(
            level["mean"].iloc[0], color=colour, linestyle=line, linewidth=0.9, label=name, zorder=0
        )
