"""What softmax heads write of labels, head by head and in sum (TLIG, figure 11)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

LOGITS, WRITES = "key_query", "projection_value"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All entries of both products, of the first seed."""
    return rows(metrics, metric=[LOGITS, WRITES], seed=0)


def weighted(table: pd.DataFrame, learner: str) -> list[np.ndarray]:
    """KᵀQ of each head times the label–label entry of its P·V."""
    mine = rows(table, learner=learner)
    heads = []
    for head in sorted(mine["head"].unique()):
        matrices = {
            metric: rows(mine, metric=metric, head=head)
            .pivot_table(index="row", columns="column", values="mean")
            .to_numpy()
            for metric in (LOGITS, WRITES)
        }
        heads.append(matrices[LOGITS] * matrices[WRITES][-1, -1])
    return heads


def draw(table: pd.DataFrame, looks: Looks, *, learner: LearnerName) -> Figure:
    """A panel for each head and one for their sum, in one colour scale."""
    heads = weighted(table, learner)
    shown = [*heads, np.sum(heads, axis=0)]
    limit = max(np.abs(matrix).max() for matrix in shown)
    figure, axes = plt.subplots(1, len(shown), figsize=(COLUMN, 1.3))
    for index, (axis, matrix) in enumerate(zip(axes, shown, strict=True)):
        image = axis.imshow(matrix, cmap="PuOr_r", vmin=-limit, vmax=limit)
        last = len(matrix) - 1
        axis.set_xticks([0, last], ["$x_1$", "$y$"])
        axis.set_yticks([0, last], ["$x_1$", "$y$"])
        axis.set_title(f"head {index + 1}" if index < len(heads) else "sum")
    figure.colorbar(image, ax=axes, shrink=0.8)
    return figure
