"""What a change of a part of a network attains of another objective, by the numbers that were trained."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, points
from icgd.plotting.looks import Look, Looks
from icgd.studies.retargeting.display import START_COLOURS, TARGETS

STARTS = {
    "base": "of the trained network",
    "random": "of a random network",
    "subspace": "in random directions",
}
FLOOR = -0.5
"""Shares of less are drawn there."""
BESIDE = {"base": 1.0, "random": 1.3, "subspace": 1.0}
"""Factors of sizes, so that controls of one size do not hide one another."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Shares of the gain, and numbers of parameters."""
    return rows(metrics, metric=["share_of_whole", "trained_parameters"])


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """A panel per new objective; a marker per change, a colour per start."""
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.6), sharey=True)
    place = ["learner", "change", "objective", "start"]
    sizes = rows(table, metric="trained_parameters")[[*place, "mean"]].rename(columns={"mean": "size"})
    shares = rows(table, metric="share_of_whole").merge(sizes, on=place)
    shares = shares[shares["start"].isin(list(STARTS))]
    for panel, (target, title) in zip(axes, TARGETS.items(), strict=True):
        for name in [name for name in looks if name in set(shares["change"])]:
            for start, found in rows(shares, objective=target, change=name).groupby("start"):
                label = looks[name].label if start == "base" else ""
                shown = found.assign(**{key: found[key].clip(lower=FLOOR) for key in ("mean", "low", "high")})
                points(
                    panel,
                    shown["size"] * BESIDE[str(start)],
                    shown,
                    Look(label, START_COLOURS[str(start)], looks[name].marker),
                    5.0,
                )
        panel.axhline(1, color="#888888", linewidth=0.7, linestyle=":")
        panel.axhline(0, color="#888888", linewidth=0.7, linestyle=":")
        panel.set(title=title, xlabel="numbers trained", xscale="log")
    for start, name in STARTS.items():
        axes[0].plot([], [], "s", color=START_COLOURS[start], label=name)
    axes[0].set(ylabel="share of the gain of\na network trained for it")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center")
    return figure
