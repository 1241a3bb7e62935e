"""Which objective is pursued, and how well, when what is told and a cue of training disagree."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, legend_above
from icgd.plotting.looks import Looks

PANELS = {"noise": "cue: family of the noise", "scale": "cue: scale of the labels"}
KINDS = {
    "does_as_told": ("as told", "#0072B2", ""),
    "misgeneralised": ("misgeneralised", "#D55E00", "//"),
    "incapable": ("incapable", "#BBBBBB", ".."),
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Shares of pairs of a told and a cued objective."""
    return rows(metrics, metric=list(KINDS))


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """A panel per cue; from left to right fewer prompts of training had the tie."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 2.0), sharey=True)
    for panel, (confound, title) in zip(axes, PANELS.items(), strict=True):
        mine = rows(table, confound=confound)
        order = sorted(mine["untied"].unique())
        base = np.zeros(len(order))
        for kind, (name, colour, hatch) in KINDS.items():
            found = rows(mine, metric=kind).set_index("untied")["mean"].reindex(order).to_numpy(float)
            panel.bar(range(len(order)), found, bottom=base, color=colour, hatch=hatch, label=name, width=0.7)
            base = base + found
        panel.set_xticks(range(len(order)), [f"{share:g}" for share in order])
        panel.set(title=title, xlabel="untied prompts (%)", ylim=(0, 1))
    axes[0].set(ylabel="share of pairs")
    legend_above(figure, axes[0])
    return figure
