"""Real tables: are the models still their algorithms, and how do both compare with the best fit?"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from icgd.plotting.style import COLUMN, MODELS, label, look

DISTANCE = "relative_distance_to_"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Distances and losses on unshifted prompts."""
    kept = metrics["metric"].str.startswith(DISTANCE) | (metrics["metric"] == "bounded_loss")
    kept &= ~metrics["metric"].str.endswith("standard_error")
    return metrics[kept & (metrics["condition"] == "test")]


def draw(table: pd.DataFrame, *, pairs: list[list[str]], rivals: list[str]) -> Figure:
    """Above each model's distance to its algorithm on both kinds of prompts, below all losses."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(COLUMN, 3.4), height_ratios=(2, 3))
    kinds = {"atlas": ("synthetic", "#56B4E9", "o"), "real_data": ("diabetes", "#D55E00", "s")}
    for experiment, (name, colour, shape) in kinds.items():
        rows = table[table["experiment"] == experiment]
        for place, (model, algorithm) in enumerate(pairs):
            row = _row(rows, model, DISTANCE + algorithm)
            error = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
            legend = {"label": name} if place == 0 else {}
            look_of = {"fmt": shape, "color": colour, "fillstyle": "none"}
            above.errorbar(row["mean"], place, xerr=error, **look_of, **legend)
    above.set_yticks(range(len(pairs)), [f"{MODELS[m]} to {label(a)}" for m, a in pairs], fontsize=6)
    above.set(xscale="log", xlabel="distance / typical label")
    above.xaxis.set_minor_formatter(NullFormatter())
    above.invert_yaxis()
    above.legend(fontsize=6)
    losses = table[table["experiment"] == "real_data"]
    names = list(dict.fromkeys([*(name for pair in pairs for name in pair), *rivals]))
    for place, learner in enumerate(names):
        row = _row(losses, learner, "bounded_loss")
        error = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
        _, colour, shape = look(learner)
        below.errorbar(row["mean"], place, xerr=error, fmt=shape, color=colour)
    below.axvline(
        _row(losses, "trivial", "bounded_loss")["mean"], color="black", linestyle=":", linewidth=0.8
    )
    below.set_yticks(range(len(names)), [MODELS.get(name, label(name)) for name in names], fontsize=6)
    below.set(xlabel="loss on diabetes prompts (bounded)", xscale="log")
    below.invert_yaxis()
    return figure


def _row(table: pd.DataFrame, learner: str, metric: str) -> dict[str, float]:
    found = table[(table["learner"] == learner) & (table["metric"] == metric)]
    return dict(found[["mean", "low", "high"]].iloc[0])
