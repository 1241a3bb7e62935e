"""Errors along the straight path from the weights of a network to those after a change."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve
from icgd.plotting.looks import Looks
from icgd.studies.retargeting.display import NAMES, TARGETS


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors to the target and to L2 at every share of the path."""
    return rows(metrics, metric="path_error")


def draw(table: pd.DataFrame, looks: Looks, *, changes: list[str]) -> Figure:
    """A panel per change and new objective."""
    panels = [(change, target) for change in changes for target in TARGETS]
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE, 1.9), sharey=True)
    for panel, (change, target) in zip(axes, panels, strict=True):
        for objective, name in (("l2", f"to {NAMES['l2']}"), (target, TARGETS[target])):
            mine = rows(table, change=change, objective=target, reference=objective)
            curve(panel, mine["share"], mine, looks[objective], label=f"error {name}")
        panel.set(title=f"{looks[change].label}, {TARGETS[target]}", xlabel="share of the path")
    axes[0].set(ylabel="error", yscale="log")
    handles = {
        name: handle
        for panel in axes
        for handle, name in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=len(handles))
    return figure
