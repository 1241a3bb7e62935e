"""Heat maps of KᵀQ and P·V, trained beside constructed."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plots.style import COLUMN, label

MATRICES = {"key_query": r"$W_K^\top W_Q$", "projection_value": r"$P\,W_V$"}
LEARNERS = ["transformer", "construction"]


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All matrix entries; of the trained learner those of its first seed."""
    kept = metrics["metric"].isin(MATRICES) & metrics["learner"].isin(LEARNERS)
    return metrics[kept & (metrics["seed"].isna() | (metrics["seed"] == 0))]


def draw(table: pd.DataFrame) -> Figure:
    """A matrix per row and a learner per column, each row with one colour scale."""
    figure, axes = plt.subplots(2, 2, figsize=(COLUMN, 3.0))
    entry = table["condition"].str.removeprefix("entry=").str.split(",", expand=True).astype(int)
    table = table.assign(row=entry[0], column=entry[1])
    for line, (metric, title) in zip(axes, MATRICES.items(), strict=True):
        rows = table[table["metric"] == metric]
        limit = rows["mean"].abs().max()
        for panel, learner in zip(line, LEARNERS, strict=True):
            matrix = rows[rows["learner"] == learner].pivot_table(
                index="row", columns="column", values="mean"
            )
            image = panel.imshow(matrix, cmap="PuOr_r", vmin=-limit, vmax=limit)
            last = len(matrix) - 1
            panel.set_xticks([0, last], ["$x_1$", "$y$"])
            panel.set_yticks([0, last], ["$x_1$", "$y$"])
            panel.set_title(f"{title}, {label(learner)}")
        figure.colorbar(image, ax=line, shrink=0.8)
    return figure
