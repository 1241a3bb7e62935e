"""Errors along the straight path from the weights of a network to those after a change."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.style import PAGE, curve, numbers
from icgd.studies.retargeting.plot_retargeting import CHANGES, TARGETS


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors to the target and to L2 at every share of the path."""
    return metrics[metrics["condition"].str.startswith("share=")]


def draw(table: pd.DataFrame, *, changes: list[str]) -> Figure:
    """A panel per change and new objective."""
    panels = [(change, target) for change in changes for target in TARGETS]
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE, 1.9), sharey=True)
    for panel, (change, target) in zip(axes, panels, strict=True):
        mine = table[table["learner"] == f"{change}_to_{target}"]
        for metric, objective, name in (
            ("error_to_l2", "l2", "error to $L_2$"),
            ("error_to_target", target, "error " + TARGETS[target]),
        ):
            rows = mine[mine["metric"] == metric]
            curve(panel, numbers(rows["condition"]), rows, objective, name=name)
        panel.set(title=f"{CHANGES[change][0]}, {TARGETS[target]}", xlabel="share of the path")
    axes[0].set(ylabel="error", yscale="log")
    handles = {
        name: handle
        for panel in axes
        for handle, name in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=len(handles))
    return figure
