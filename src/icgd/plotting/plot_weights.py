"""Heat maps of KᵀQ and P·V, a column for each head of each learner."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import COLUMN, label

MATRICES = {"key_query": r"$W_K^\top W_Q$", "projection_value": r"$P\,W_V$"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All matrix entries; of trained learners those of the first seed."""
    kept = metrics["metric"].isin(MATRICES)
    return metrics[kept & (metrics["seed"].isna() | (metrics["seed"] == 0))]


def draw(table: pd.DataFrame, *, learners: list[str]) -> Figure:
    """A matrix per row and a head per column, each row with one colour scale."""
    entry = table["condition"].str.removeprefix("entry=").str.split(",", expand=True).astype(int)
    table = table.assign(head=entry[0], row=entry[1], column=entry[2])
    table = table[table["learner"].isin(learners)]
    heads = [(name, head) for name in learners for head in range(_heads(table, name))]
    figure, axes = plt.subplots(2, len(heads), figsize=(COLUMN, 6.0 / max(len(heads), 2)))
    for line, (metric, title) in zip(axes, MATRICES.items(), strict=True):
        rows = table[table["metric"] == metric]
        limit = rows["mean"].abs().max()
        for panel, (learner, head) in zip(line, heads, strict=True):
            mine = rows[(rows["learner"] == learner) & (rows["head"] == head)]
            matrix = mine.pivot_table(index="row", columns="column", values="mean")
            image = panel.imshow(matrix, cmap="PuOr_r", vmin=-limit, vmax=limit)
            last = len(matrix) - 1
            panel.set_xticks([0, last], ["$x_1$", "$y$"])
            panel.set_yticks([0, last], ["$x_1$", "$y$"])
            name = f"head {head + 1}" if _heads(table, learner) > 1 else label(learner)
            panel.set_title(f"{title}, {name}")
        figure.colorbar(image, ax=line, shrink=0.8)
    return figure


def _heads(table: pd.DataFrame, learner: str) -> int:
    return int(table.loc[table["learner"] == learner, "head"].max()) + 1
