"""Losses of models with induction heads when parts of them are taken away."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import COLUMN, label, look

EDITS = {
    "nothing": "nothing",
    "two_back": "layer 1 to\ntwo back",
    "previous_token": "layer 1 to\nprevious",
    "head_1": "head of\nlayer 1",
    "head_2": "head of\nlayer 2",
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The losses on both windows."""
    return metrics[metrics["metric"].isin(["first_loss", "second_loss"])]


def draw(table: pd.DataFrame, *, learners: list[str]) -> Figure:
    """Full markers: second segment; hollow: first segment, where there is nothing to copy from."""
    figure, axes = plt.subplots(figsize=(COLUMN, 1.9))
    for index, learner in enumerate(learners):
        _, colour, shape = look(learner)
        for metric, fill, part in (("second_loss", "full", "second"), ("first_loss", "none", "first")):
            rows = table[(table["learner"] == learner) & (table["metric"] == metric)]
            rows = rows.set_index(rows["condition"].str.removeprefix("ablated=")).loc[list(EDITS)]
            x = [place + 0.2 * (index - (len(learners) - 1) / 2) for place in range(len(EDITS))]
            error = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
            name = f"{label(learner)}, {part} segment"
            axes.errorbar(x, rows["mean"], error, fmt=shape, color=colour, fillstyle=fill, label=name)
    axes.set_xticks(range(len(EDITS)), list(EDITS.values()), fontsize=6)
    axes.set(xlabel="taken away", ylabel="loss (nats)", ylim=(0, None))
    figure.legend(loc="outside upper center", ncols=2, fontsize=6)
    return figure
