"""Loss and alignment with one gradient step over training (TLIG, figure 2 centre left)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plots.style import LOOKS, PAGE, curve

PANELS = {
    "loss": "test loss",
    "prediction_l2": "prediction difference",
    "sensitivity_cosine": "sensitivity cosine",
    "sensitivity_l2": "sensitivity difference",
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The trained learner and the exact loss of the step, on the training law."""
    kept = metrics["learner"].isin(["transformer", "closed_form"])
    return metrics[kept & metrics["metric"].isin(PANELS) & (metrics["condition"] == "test")]


def draw(table: pd.DataFrame) -> Figure:
    """Four panels over training steps."""
    figure, axes = plt.subplots(1, 4, figsize=(PAGE, 1.7))
    trained = table[table["learner"] == "transformer"]
    for panel, (metric, title) in zip(axes, PANELS.items(), strict=True):
        rows = trained[trained["metric"] == metric]
        curve(panel, rows["step"].astype(float), rows, "transformer", marker=False)
        panel.set(xlabel="training step", ylabel=title)
        panel.set_ylim(0, 1.08 * rows["mean"].max())
    exact = table.loc[(table["learner"] == "closed_form"), "mean"].iloc[0]
    name, colour, _ = LOOKS["closed_form"]
    axes[0].axhline(exact, color=colour, linestyle="--", label="one step, exact", zorder=0)
    axes[0].legend()
    axes[2].axhline(1, color=colour, linestyle=":", linewidth=0.8, zorder=0)
    return figure
