"""Loss and alignment with the reference over training (TLIG, figure 2 centre left)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import PAGE, curve, look

PANELS = {
    "loss": "test loss",
    "prediction_l2": "prediction difference",
    "sensitivity_cosine": "sensitivity cosine",
    "sensitivity_l2": "sensitivity difference",
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The trained learners and the exact loss of one step, on the training law."""
    kept = metrics["step"].notna() | (metrics["learner"] == "closed_form")
    return metrics[kept & metrics["metric"].isin(PANELS) & (metrics["condition"] == "test")]


def draw(table: pd.DataFrame, *, learners: list[str]) -> Figure:
    """Four panels over training steps."""
    figure, axes = plt.subplots(1, 4, figsize=(PAGE, 1.9))
    for panel, (metric, title) in zip(axes, PANELS.items(), strict=True):
        for learner in learners:
            rows = table[(table["metric"] == metric) & (table["learner"] == learner)]
            curve(panel, rows["step"].astype(float), rows, learner, marker=False)
        shown = table[(table["metric"] == metric) & table["learner"].isin(learners)]
        panel.set(xlabel="training step", ylabel=title)
        panel.set_ylim(0, 1.08 * shown["mean"].max())
    exact = table.loc[(table["learner"] == "closed_form"), "mean"].iloc[0]
    colour = look("closed_form")[1]
    axes[0].axhline(exact, color=colour, linestyle="--", label="one step, exact", zorder=0)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    axes[2].axhline(1, color=colour, linestyle=":", linewidth=0.8, zorder=0)
    return figure
