"""How two softmax heads cancel the part of the output that is even in the query."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, curve, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

CONSTRUCTED = ("softmax_heads_1", "softmax_heads_2")
HEADS, SUM, DISTANCE = "head_even_over_odd", "even_over_odd", "relative_distance"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Parities of trained heads, and distances of constructed ones."""
    parities = rows(metrics, metric=[HEADS, SUM])
    return pd.concat([parities, rows(metrics, metric=DISTANCE, learner=CONSTRUCTED, logit_scale=...)])


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """Left the parity of each head and of their sum, right the distance to GD against the logit scale."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(COLUMN, 1.9))
    _parities(left, table, looks, learners)
    for learner in CONSTRUCTED:
        apart = rows(table, metric=DISTANCE, learner=learner)
        curve(right, apart["logit_scale"], apart, looks[learner])
    right.set(xlabel="logit scale $c$", ylabel="distance to GD", xscale="log", ylim=(0, None))
    legend_above(figure, right)  # heads have the same colours on the left
    return figure


def _parities(panel: Axes, table: pd.DataFrame, looks: Looks, learners: list[str]) -> None:
    """A point per head, and one for the sum of several."""
    names: list[str] = []
    for learner in learners:
        look = looks[learner]
        heads = rows(table, metric=HEADS, learner=learner).sort_values("head")
        summed = rows(table, metric=SUM, learner=learner) if len(heads) > 1 else heads.head(0)
        for row in pd.concat([heads, summed]).to_dict("records"):
            error = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
            panel.errorbar(len(names), row["mean"], error, fmt=look.marker, color=look.colour)
            names.append("sum" if row["metric"] == SUM else f"head {row['head']}")
    panel.set_xticks(range(len(names)), names, rotation=60)
    panel.set(ylabel="even part / odd part", ylim=(0, None))
    panel.margins(x=0.15)
