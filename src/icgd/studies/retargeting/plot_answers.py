"""Where answers to each objective stand among algorithms, by what they attain of L1 and L∞."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName
from icgd.studies.retargeting.display import EXPLICIT, NAMES, title

LIMITS = (-1.0, 1.08)


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Attainments on the training law, and at mixtures of two objectives."""
    return rows(metrics, metric=["attainment", "mixed_attainment"], option=None)


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """For each learner the attainment of L1 against that of L∞."""
    figure, axes = plt.subplots(1, len(learners), figsize=(PAGE, 2.4), sharey=True, squeeze=False)
    for panel, learner in zip(axes[0], learners, strict=True):
        _marks(panel, table, looks)
        _answers(panel, rows(table, learner=learner), looks)
        panel.set(title=title(learner, looks), xlabel="attainment of $L_1$", xlim=LIMITS, ylim=LIMITS)
    axes[0, 0].set(ylabel=r"attainment of $L_\infty$")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


def _place(found: pd.DataFrame) -> tuple[float, float]:
    """Attainments of L1 and L∞, not beyond the panel."""
    both = found.set_index("attained")["mean"].clip(lower=LIMITS[0] + 0.04)
    return float(both["l1"]), float(both["linf"])


def _marks(panel: Axes, table: pd.DataFrame, looks: Looks) -> None:
    """Explicit algorithms as hollow marks; least squares at zero, and what no predictor can pass."""
    panel.axvline(1, color="#888888", linewidth=0.6, linestyle=":")
    panel.axhline(1, color="#888888", linewidth=0.6, linestyle=":")
    panel.plot([0], [0], "+", color="black", label="least squares")
    explicit = rows(table, learner=EXPLICIT, metric="attainment")
    for objective in NAMES:
        x, y = _place(rows(explicit, objective=objective))
        look = looks[objective]
        panel.plot([x], [y], look.marker, color=look.colour, fillstyle="none", markersize=7, label=look.label)


def _answers(panel: Axes, mine: pd.DataFrame, looks: Looks) -> None:
    """Answers to each objective as dots, and on the way between two as a line."""
    for objective in NAMES:
        x, y = _place(rows(mine, metric="attainment", objective=objective))
        label = f"asked for {NAMES[objective]}"
        panel.plot([x], [y], ".", color=looks[objective].colour, markersize=6, label=label)
    mixed = rows(mine, metric="mixed_attainment")
    for _, line in (
        mixed.groupby(["objective", "other_objective"] if len(mixed) else []) if len(mixed) else ()
    ):
        path = [_place(found) for _, found in line.groupby("share")]
        panel.plot(*zip(*path, strict=True), "-", color="#888888", linewidth=0.7, zorder=0)
