"""Real tables: are the models still their algorithms, and how do both compare with the best fit?"""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, spread
from icgd.plotting.looks import Look, Looks
from icgd.ranges import LearnerName

DISTANCE, LOSS = "relative_distance", "bounded_loss"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Distances and losses on unshifted prompts."""
    return rows(metrics, metric=[DISTANCE, LOSS], option=None)


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    pairs: list[list[LearnerName]],
    prompts: dict[str, dict[str, str]],
    losses: str,
    rivals: list[LearnerName],
    zero: LearnerName,
) -> Figure:
    """Above the distance of each [model, algorithm] on all kinds of prompts, below the losses on one kind.

    `prompts` gives label, colour and marker of each experiment; `losses` is the one whose losses are shown,
    dotted that of `zero`, the learner that predicts the mean.
    """
    kinds = Looks.of(prompts)
    figure, (above, below) = plt.subplots(2, 1, figsize=(COLUMN, 3.4), height_ratios=(2, 3))
    for experiment, kind in kinds.items():
        apart = rows(table, experiment=experiment, metric=DISTANCE)
        for place, (model, algorithm) in enumerate(pairs):
            legend = {"label": kind.label} if place == 0 else {}
            mine = rows(apart, learner=model, reference=algorithm)
            _point(above, place, mine, kind, fillstyle="none", **legend)
    above.set_yticks(
        range(len(pairs)), [f"{looks[m].name} to {looks[a].label}" for m, a in pairs], fontsize=7
    )
    above.set(xscale="log", xlabel="distance / typical label")
    above.xaxis.set_minor_formatter(NullFormatter())
    above.invert_yaxis()
    above.legend(fontsize=7)
    loss = rows(table, experiment=losses, metric=LOSS)
    names = list(dict.fromkeys([*(name for pair in pairs for name in pair), *rivals]))
    for place, learner in enumerate(names):
        _point(below, place, rows(loss, learner=learner), looks[learner])
    below.axvline(rows(loss, learner=zero)["mean"].iloc[0], color="black", linestyle=":", linewidth=0.8)
    below.set_yticks(range(len(names)), [looks[name].name for name in names], fontsize=7)
    below.set(xlabel=f"loss on {kinds[losses].label} prompts (bounded)", xscale="log")
    below.invert_yaxis()
    return figure


def _point(axes: Axes, place: int, row: pd.DataFrame, look: Look, **options: Any) -> None:
    """The only row as a point with its interval along the horizontal axis."""
    axes.errorbar(row["mean"], [place], xerr=spread(row), fmt=look.marker, color=look.colour, **options)
