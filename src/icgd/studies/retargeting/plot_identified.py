"""Which algorithm a model is that was trained on objectives alone, and how it gets there block by block."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, numbers
from icgd.plotting.looks import Look, Looks
from icgd.studies.retargeting.display import NAMES

EXACT = {"ols": "OLS", "ridge": "ridge", "huber": "Huber", "lad": "LAD", "chebyshev": "Chebyshev"}
IRLS = Look("reweighted LS", "#CC79A7", "x")
SHADES = ("#000000", "#888888", "#56B4E9", "#E69F00", "#CC79A7")


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Distances to algorithms, and attainment of what is read after each block."""
    return rows(metrics, metric=["distance", "layer_attainment"])


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """A panel per objective asked for: distances by steps, exact fits as levels; then layers."""
    figure, axes = plt.subplots(1, 4, figsize=(PAGE, 2.3), width_ratios=[1, 1, 1, 0.9])
    for panel, (objective, name) in zip(axes, NAMES.items(), strict=False):
        mine = rows(table, metric="distance", objective=objective)
        for algorithm in [*NAMES, "irls"]:
            found = rows(mine, algorithm=algorithm)
            look = looks[algorithm] if algorithm in NAMES else IRLS
            curve(panel, numbers(found["steps"]), found, look)
        for (exact, label), colour in zip(EXACT.items(), SHADES, strict=True):
            level = rows(mine, algorithm=exact)["mean"].iloc[0]
            panel.axhline(level, color=colour, linestyle="--", linewidth=0.8, label=label)
        panel.set(title=f"asked for {name}", xlabel="steps of the algorithm", yscale="log")
    axes[0].set(ylabel="distance of weights")
    for objective, name in NAMES.items():
        mine = rows(table, metric="layer_attainment", objective=objective)
        curve(axes[3], numbers(mine["layer"]), mine, looks[objective], label=name)
    axes[3].set(xlabel="blocks passed", ylabel="attainment of\nwhat is asked for")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5)
    return figure
