"""How much a learner trusts a cue, whether it gives it up, and what it loses with and without it."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, legend_above, spread
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

COLOURS = {"best": "#009E73", "other": "#E69F00", "worst": "#D55E00", "none": "#444444"}
MARKS = {"best": "o", "other": "D", "worst": "s", "none": "^"}
LEAST = 1e-6
"""Unreliabilities below are drawn there: the least of those between which the effective one is sought."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Effective reliabilities, shares of pulls that follow the cue, and regrets."""
    return rows(metrics, metric=["effective_reliability", "followed", "cued_regret"], option=None)


def draw(table: pd.DataFrame, looks: Looks, *, reliabilities: dict[LearnerName, float]) -> Figure:
    """By the share of training prompts whose cue names the best arm: trust, the last pulls, and regret."""
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.9))
    places = np.arange(len(reliabilities))
    unreliable = [max(1 - reliability, LEAST) for reliability in reliabilities.values()]
    axes[0].plot(places, unreliable, "_", color="black", markersize=12, label="in training")
    for place, learner in enumerate(reliabilities):
        mine = rows(table, learner=learner)
        trust = rows(mine, metric="effective_reliability")
        distrust = {"mean": "mean", "low": "high", "high": "low"}
        doubt = trust.assign(**{end: (1 - trust[of]).clip(lower=LEAST) for end, of in distrust.items()})
        _point(axes[0], place, doubt, "#0072B2", "o", "effective")
        for cue in ("best", "other", "worst"):
            followed = rows(mine, metric="followed", cue=cue, pulls="last")
            _point(axes[1], place, followed, COLOURS[cue], MARKS[cue], f"cue: {cue}")
        for cue in COLOURS:
            lost = rows(mine, metric="cued_regret", cue=cue)
            _point(axes[2], place, lost, COLOURS[cue], MARKS[cue], f"cue: {cue}")
    axes[0].set_yscale("log")
    names = [looks[name].name for name in reliabilities]
    for panel, title in zip(axes, ("$1 -$ reliability", "last pulls that follow", "regret"), strict=True):
        panel.set_xticks(places, names, rotation=45, ha="right")
        panel.set_title(title)
    legend_above(figure, *axes)
    return figure


def _point(panel: Axes, place: int, mine: pd.DataFrame, colour: str, marker: str, label: str) -> None:
    panel.errorbar(
        [place], mine["mean"], np.abs(spread(mine)), fmt=marker, color=colour, fillstyle="none",
        markersize=4, label=label,
    )  # fmt: skip
