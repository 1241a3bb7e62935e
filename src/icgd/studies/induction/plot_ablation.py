"""Losses of models with induction heads when parts of them are taken away."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, spread
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

EDITS = {
    "nothing": "nothing",
    "two_back": "layer 1 to\ntwo back",
    "previous_token": "layer 1 to\nprevious",
    "head_1": "head of\nlayer 1",
    "head_2": "head of\nlayer 2",
}
PARTS = {"second_loss": ("full", "second"), "first_loss": ("none", "first")}
"""Losses, with how their markers are filled and what the legend calls them."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The losses on both windows under every edit."""
    return rows(metrics, metric=list(PARTS), ablated=list(EDITS))


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """Full markers: second segment; hollow: first segment, where there is nothing to copy from."""
    figure, axes = plt.subplots(figsize=(COLUMN, 1.9))
    for index, learner in enumerate(learners):
        look = looks[learner]
        x = [place + 0.2 * (index - (len(learners) - 1) / 2) for place in range(len(EDITS))]
        for metric, (fill, part) in PARTS.items():
            mine = rows(table, learner=learner, metric=metric).set_index("ablated").loc[list(EDITS)]
            axes.errorbar(
                x, mine["mean"], spread(mine), fmt=look.marker, color=look.colour, fillstyle=fill,
                label=f"{look.label}, {part} segment",
            )  # fmt: skip
    axes.set_xticks(range(len(EDITS)), list(EDITS.values()), fontsize=7)
    axes.set(xlabel="taken away", ylabel="loss (nats)", ylim=(0, None))
    figure.legend(loc="outside upper center", ncols=2, fontsize=7)
    return figure
