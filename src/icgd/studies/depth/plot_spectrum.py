"""The spectrum of XᵀX before and after each step of GD++ and each trained layer."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import MODELS, PAGE, curve, label, numbers

DEEPEST = 4.5
"""The layer at the end of the colour scale, which all panels share."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Densities by layer and gains by eigenvalue."""
    return metrics[metrics["metric"].isin(["density", "gain"])]


def draw(table: pd.DataFrame, *, learners: list[str]) -> Figure:
    """Densities at each depth for every learner, then the gains of the first layer."""
    figure, axes = plt.subplots(1, len(learners) + 1, figsize=(PAGE, 1.9))
    density = table[table["metric"] == "density"]
    parts = density["condition"].str.extract(r"layer=(\d+),eigenvalue=([\d.]+)").astype(float)
    density = density.assign(layer=parts[0], eigenvalue=parts[1])
    shades = plt.get_cmap("viridis")
    for panel, learner in zip(axes, learners, strict=False):
        mine = density[density["learner"] == learner]
        for layer, rows in mine.groupby("layer"):
            rows = rows.sort_values("eigenvalue")
            colour = shades(float(str(layer)) / DEEPEST)
            panel.step(rows["eigenvalue"], rows["mean"], where="post", color=colour, label=f"{layer:.0f}")
        panel.set(title=MODELS.get(learner, label(learner)), xlabel=r"eigenvalue / mean", xlim=(0, 3.5))
        panel.set_ylim(0, 2.0)
    axes[0].set(ylabel="density")
    axes[len(learners) - 1].legend(title="after layer", title_fontsize=6, fontsize=6, handlelength=1)
    gain = table[table["metric"] == "gain"].dropna(subset="mean")
    styles = ["-", "-", "--", "--", ":", ":"]
    for learner, style in zip(learners, styles, strict=False):
        rows = gain[gain["learner"] == learner]
        name = MODELS.get(learner, label(learner))
        curve(axes[-1], numbers(rows["condition"]), rows, learner, name=name)
        axes[-1].lines[-1].set_linestyle(style)
    axes[-1].set(xlabel=r"eigenvalue of $X^\top X$", ylabel="relative gain", ylim=(0, None))
    axes[-1].legend(fontsize=5.5, handlelength=1.5)
    axes[-1].set_xlim(0, np.ceil(numbers(gain["condition"]).max()))
    return figure
