"""Deeper models over training: loss beside the baselines', and whose sensitivities they have."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import LOOKS, MODELS, PAGE, curve, family

COSINE = "sensitivity_cosine_to_"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses on the training law and all cosines."""
    kept = (metrics["metric"] == "bounded_loss") | metrics["metric"].str.startswith(COSINE)
    return metrics[kept & (metrics["condition"] == "test")]


def draw(table: pd.DataFrame, *, panels: list[list[str]]) -> Figure:
    """A column per panel [model, algorithm, …]: above losses, below cosines with the algorithms."""
    figure, axes = plt.subplots(2, len(panels), figsize=(PAGE, 3.1), sharex="col", sharey="row")
    losses = table[table["metric"] == "bounded_loss"]
    for column, (model, *algorithms) in zip(axes.T, panels, strict=True):
        rows = losses[losses["learner"] == model]
        curve(column[0], rows["step"].astype(float), rows, model, marker=False)
        for algorithm in algorithms:
            level = losses.loc[losses["learner"] == algorithm, "mean"].iloc[0]
            name, colour, _ = LOOKS[family(algorithm)]
            column[0].axhline(level, color=colour, linestyle="--", label=name, zorder=0)
            cosine = table[(table["metric"] == COSINE + algorithm) & (table["learner"] == model)]
            if len(cosine):
                curve(column[1], cosine["step"].astype(float), cosine, algorithm, marker=False)
        column[0].set_title(MODELS[model])
        column[1].set(xlabel="training step")
        column[1].axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
    handles, names = axes[0, np.argmax([len(panel) for panel in panels])].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    axes[0, 0].set(ylabel="test loss", yscale="log", ylim=(0.001, 0.6))
    axes[1, 0].set(ylabel="sensitivity cosine", ylim=(0.6, 1.02))
    return figure
