"""How two softmax heads cancel the part of the output that is even in the query."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import COLUMN, MODELS, curve, look, numbers

CONSTRUCTED = ("softmax_heads_1", "softmax_heads_2")


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Parities of trained heads, and distances of constructed ones."""
    return metrics[metrics["metric"].isin(["even_over_odd", "relative_distance"])]


def draw(table: pd.DataFrame, *, learners: list[str]) -> Figure:
    """Left the parity of each head and of their sum, right the distance to GD against the logit scale."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(COLUMN, 1.9))
    parity = table[table["metric"] == "even_over_odd"]
    names: list[str] = []
    for learner in learners:
        rows = parity[parity["learner"] == learner].sort_values("condition")
        if len(rows) == 2:  # one head: its output is the sum
            rows = rows.head(1)
        for row in rows.to_dict("records"):
            part = row["condition"].replace("head=", "head ").replace("test", "sum")
            if part.startswith("head"):
                part = f"head {int(part.split()[1]) + 1}"
            error = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
            _, colour, shape = look(learner)
            left.errorbar(len(names), row["mean"], error, fmt=shape, color=colour)
            names.append(part)
    left.set_xticks(range(len(names)), names, rotation=60)
    left.set(ylabel="even part / odd part", ylim=(0, None))
    for learner in learners:
        left.plot([], [], look(learner)[2], color=look(learner)[1], label=MODELS[learner])
    left.margins(x=0.15)
    left.legend(fontsize=5.5, borderaxespad=0, handlelength=1)
    apart = table[table["metric"] == "relative_distance"]
    for learner in CONSTRUCTED:
        rows = apart[apart["learner"] == learner]
        curve(right, numbers(rows["condition"]), rows, learner)
    right.set(xlabel="logit scale $c$", ylabel="distance to GD", xscale="log", ylim=(0, None))
    right.legend(fontsize=6)
    return figure
