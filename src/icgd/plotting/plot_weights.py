"""Heat maps of KᵀQ and P·V, a column for each head of each learner."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

MATRICES = {"key_query": r"$W_K^\top W_Q$", "projection_value": r"$P\,W_V$"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All matrix entries; of trained learners those of the first seed."""
    kept = rows(metrics, metric=list(MATRICES))
    return kept[kept["seed"].isna() | (kept["seed"] == 0)]


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """A matrix per row and a head per column, each row with one colour scale."""
    counts = {name: int(rows(table, learner=name)["head"].max()) for name in learners}
    heads = [(name, head) for name in learners for head in range(1, counts[name] + 1)]
    figure, axes = plt.subplots(2, len(heads), figsize=(COLUMN, 6.0 / max(len(heads), 2)))
    for line, (metric, title) in zip(axes, MATRICES.items(), strict=True):
        entries = rows(table, metric=metric, learner=learners)
        limit = entries["mean"].abs().max()
        for panel, (learner, head) in zip(line, heads, strict=True):
            mine = rows(entries, learner=learner, head=head)
            matrix = mine.pivot_table(index="row", columns="column", values="mean")
            image = panel.imshow(matrix, cmap="PuOr_r", vmin=-limit, vmax=limit)
            last = len(matrix) - 1
            panel.set_xticks([0, last], ["$x_1$", "$y$"])
            panel.set_yticks([0, last], ["$x_1$", "$y$"])
            name = f"head {head}" if counts[learner] > 1 else looks[learner].label
            panel.set_title(f"{title}, {name}")
        figure.colorbar(image, ax=line, shrink=0.8)
    return figure
