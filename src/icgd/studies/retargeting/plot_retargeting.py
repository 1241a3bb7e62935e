"""The retargeting curve: how near a changed network comes to a new objective, by the parameters changed."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plotting.style import PAGE

CHANGES = {
    "output_scale": ("output scale", "o"),
    "matrix_scales": ("a scale per matrix", "s"),
    "objective": ("objective token", "^"),
    "steering_1": ("one steering vector", "v"),
    "steering": ("all steering vectors", "D"),
    "biases": ("biases", "P"),
    "mlp_1": ("MLP 1", "<"),
    "mlp_2": ("MLP 2", ">"),
    "mlp_3": ("MLP 3", "X"),
    "low_rank_1": ("rank 1", "*"),
    "low_rank_4": ("rank 4", "p"),
    "low_rank_16": ("rank 16", "h"),
    "all": ("everything", "d"),
}
"""Names and markers of the changes, from one number to everything."""
TARGETS = {"l1": "to $L_1$", "linf": r"to $L_\infty$"}
TRAINED, RANDOM, SCRATCH, LINEAR = "#0072B2", "#D55E00", "#009E73", "#CC79A7"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors to the objectives, as they are and at the best scale, and numbers of parameters."""
    kept = metrics["metric"].str.fullmatch("(rescaled_)?error_to_(l1|linf)|parameters")
    return metrics[kept & (metrics["condition"] == "test")]


def draw(table: pd.DataFrame) -> Figure:
    """A panel per new objective; lines are of networks that no change made."""
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.5), sharey=True)
    for panel, (target, title) in zip(axes, TARGETS.items(), strict=True):
        _panel(panel, table, target)
        panel.set(title=title, xlabel="parameters changed", xscale="log", yscale="log")
    axes[0].set(ylabel="error to descent\non the new objective")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", fontsize=6.5)
    return figure


def _panel(panel: Axes, table: pd.DataFrame, target: str) -> None:
    error = table[table["metric"] == f"error_to_{target}"].set_index("learner")
    size = table[table["metric"] == "parameters"].set_index("learner")["mean"]
    rescaled = table[table["metric"] == f"rescaled_error_to_{target}"].set_index("learner")["mean"]
    for change, (name, marker) in CHANGES.items():
        for prefix, colour, label in (("", TRAINED, name), ("random_", RANDOM, None)):
            learner = f"{prefix}{change}_to_{target}"
            if learner in error.index:
                row = error.loc[learner]
                spread = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
                panel.errorbar(
                    [size[learner]],
                    [row["mean"]],
                    spread,
                    fmt=marker,
                    color=colour,
                    fillstyle="none",
                    markersize=5,
                    label=label,
                )
    panel.plot([], [], "o", color=RANDOM, fillstyle="none", label="same, random network")
    lines = {
        "unchanged": (error.loc["base", "mean"], "black", ":"),
        "best scale": (rescaled["base"], "black", "--"),
        "from scratch": (error.loc[f"scratch_to_{target}", "mean"], SCRATCH, "-"),
        "linear attention": (error.loc[f"linear_to_{target}", "mean"], LINEAR, "-."),
    }
    for name, (level, colour, line) in lines.items():
        panel.axhline(level, color=colour, linestyle=line, linewidth=0.9, label=name, zorder=0)
