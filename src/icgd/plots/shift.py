"""Losses out of distribution (TLIG, figure 2 right), with the closed form of one step."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plots.style import LOOKS, PAGE, curve, numbers

LEARNERS = ["closed_form", "gd_mean", "ols", "interpolation", "transformer"]
NUMERIC = {
    "input_scale": r"input scale $\alpha$",
    "weight_scale": "weight scale $s$",
    "context_length": "context length $N$",
    "corrupted_labels": "corrupted labels",
}
LAWS = {"normal": "normal", "laplace": "Laplace", "exponential": "expon.", "norm_matched": "sphere"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses under every shift, and those of predicting zero."""
    options = "|".join([*NUMERIC, "inputs"])
    kept = metrics["condition"].str.match(f"({options})=")
    kept &= metrics["metric"].isin(["loss", "trivial_loss"])
    return metrics[kept & metrics["learner"].isin(LEARNERS)]


def draw(table: pd.DataFrame) -> Figure:
    """One panel per shift; losses relative to predicting zero."""
    zero = table[table["metric"] == "trivial_loss"].set_index("condition")["mean"]
    table = table[table["metric"] == "loss"]
    scale = table["condition"].map(zero)
    table = table.assign(**{column: table[column] / scale for column in ("mean", "low", "high")})
    figure, axes = plt.subplots(1, 5, figsize=(PAGE, 1.9), sharey=True)
    for panel, (option, title) in zip(axes, NUMERIC.items(), strict=False):
        for learner in LEARNERS:
            mine = (table["learner"] == learner) & table["condition"].str.startswith(f"{option}=")
            curve(panel, numbers(table[mine]["condition"]), table[mine], learner)
        panel.set(xlabel=title)
    _laws(axes[-1], table)
    for panel in axes:
        panel.set_yscale("log")
        panel.set_ylim(0.02, 30)
        panel.axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
    axes[0].set_ylabel("loss / loss of zero")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(LEARNERS))
    return figure


def _laws(panel: Axes, table: pd.DataFrame) -> None:
    for learner in LEARNERS:
        mine = table[(table["learner"] == learner) & table["condition"].str.startswith("inputs=")]
        laws = mine["condition"].str.removeprefix("inputs=")
        position = laws.map({law: i for i, law in enumerate(LAWS)})
        _, colour, shape = LOOKS[learner]
        error = [mine["mean"] - mine["low"], mine["high"] - mine["mean"]]
        fmt, size = (shape, 3.5) if shape else ("_", 9)
        panel.errorbar(position, mine["mean"], error, fmt=fmt, color=colour, markersize=size)
    panel.set_xticks(range(len(LAWS)), list(LAWS.values()), rotation=45, ha="right")
    panel.set(xlabel="input law", xlim=(-0.5, len(LAWS) - 0.5))
