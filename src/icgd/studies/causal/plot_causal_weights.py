"""Heat maps of the weights of all layers and heads of causal stacks."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

MATRICES = {"key_query": r"$W_K^\top W_Q$", "projection_value": r"$P\,W_V$"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All matrix entries of the first seed."""
    return rows(metrics, metric=list(MATRICES), seed=0)


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """A column for each layer and head; every matrix is divided by its largest entry."""
    places = [(learner, *place) for learner in learners for place in _places(rows(table, learner=learner))]
    figure, axes = plt.subplots(2, len(places), figsize=(COLUMN, 1.7), squeeze=False)
    for line, (metric, title) in zip(axes, MATRICES.items(), strict=True):
        for panel, (learner, layer, head) in zip(line, places, strict=True):
            mine = rows(table, metric=metric, learner=learner, layer=layer, head=head)
            matrix = mine.pivot_table(index="row", columns="column", values="mean")
            panel.imshow(matrix / matrix.abs().to_numpy().max(), cmap="PuOr_r", vmin=-1, vmax=1)
            last = len(matrix) - 1
            panel.set_xticks([0, last], ["$x_1$", "$y$"], fontsize=7)
            panel.set_yticks([0, last], ["$x_1$", "$y$"], fontsize=7)
        line[0].set_ylabel(title, fontsize=7)
    for panel, (learner, layer, head) in zip(axes[0], places, strict=True):
        same = [place for place in places if place[0] == learner]
        part = (
            ""
            if len(same) == 1
            else f"\nlayer {layer}"
            if len({p[1] for p in same}) > 1
            else f"\nhead {head}"
        )
        panel.set_title(looks[learner].name + part, fontsize=7)
    return figure


def _places(mine: pd.DataFrame) -> list[tuple[int, int]]:
    """Layers and heads, in order."""
    return sorted(set(zip(mine["layer"].astype(int), mine["head"].astype(int), strict=True)))
