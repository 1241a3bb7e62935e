"""What a change for another objective does inside: slopes of ψ, and the line of weights to it."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, numbers
from icgd.plotting.looks import Looks
from icgd.studies.retargeting.display import NAMES, TARGETS

LOWEST = -1.5
"""Attainments below are drawn there."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Slopes by the size of the residual, and attainment along lines of weights."""
    return rows(metrics, metric=["psi_slope", "path_attainment"])


def draw(table: pd.DataFrame, looks: Looks, *, slopes: str, line: str) -> Figure:
    """Left the slopes of ψ after the change `slopes`; right attainment on the line to the change `line`."""
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.1))
    changed = rows(table, metric="psi_slope", change=slopes, start="base")
    for objective, title in TARGETS.items():
        mine = rows(changed, objective=objective)
        curve(axes[0], numbers(mine["size"]), mine, looks[objective], label=title)
    axes[0].set(xlabel=r"$|r|$ / RMS", ylabel=r"slope of $\psi$")
    axes[0].legend()
    for panel, (target, title) in zip(axes[1:], TARGETS.items(), strict=True):
        mine = rows(table, metric="path_attainment", change=line, objective=target)
        for attained, name in NAMES.items():
            found = rows(mine, attained=attained)
            shown = found.assign(**{k: found[k].clip(lower=LOWEST) for k in ("mean", "low", "high")})
            curve(panel, numbers(found["share"]), shown, looks[attained], label=name)
        panel.axvspan(0, 1, color="#EEEEEE", zorder=-1)
        panel.set(title=f"{looks[line].label}, {title}", xlabel="share of the line", ylim=(LOWEST - 0.1, 1.1))
    axes[1].set(ylabel="attainment")
    axes[2].sharey(axes[1])
    axes[1].legend(loc="lower left")
    return figure
