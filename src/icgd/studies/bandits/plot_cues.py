"""How much a learner trusts a cue, whether it gives it up, and what it loses with and without it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, spread
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

COLOURS = {"best": "#009E73", "other": "#E69F00", "worst": "#D55E00", "none": "#444444"}
MARKS = {"best": "o", "other": "D", "worst": "s", "none": "^"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Effective reliabilities, shares of pulls that follow the cue, and regrets."""
    return rows(metrics, metric=["effective_reliability", "followed", "cued_regret"], option=None)


def draw(table: pd.DataFrame, looks: Looks, *, reliabilities: dict[LearnerName, float]) -> Figure:
    """By the share of training prompts whose cue names the best arm: trust, the last pulls, and regret."""
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.8))
    places = np.arange(len(reliabilities))
    axes[0].plot(places, list(reliabilities.values()), "_", color="black", markersize=12, label="in training")
    for place, learner in enumerate(reliabilities):
        mine = rows(table, learner=learner)
        _point(axes[0], place, rows(mine, metric="effective_reliability"), "#0072B2", "o", "effective")
        for cue in ("best", "other", "worst"):
            followed = rows(mine, metric="followed", cue=cue, pulls="last")
            _point(axes[1], place, followed, COLOURS[cue], MARKS[cue], f"cue: {cue}")
        for cue in COLOURS:
            _point(axes[2], place, rows(mine, metric="cued_regret", cue=cue), COLOURS[cue], MARKS[cue], cue)
    names = [looks[name].name for name in reliabilities]
    for panel, title in zip(axes, ("reliability", "last pulls that follow", "regret"), strict=True):
        panel.set_xticks(places, names, rotation=45, ha="right")
        panel.set_title(title)
        handles, labels = panel.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        panel.legend(once.values(), once.keys())
    return figure


def _point(panel: Axes, place: int, mine: pd.DataFrame, colour: str, marker: str, label: str) -> None:
    panel.errorbar(
        [place], mine["mean"], np.abs(spread(mine)), fmt=marker, color=colour, fillstyle="none",
        markersize=4, label=label,
    )  # fmt: skip
