"""Plateaus of one and two heads, and fixed batches (TLIG, figures 15 and 16)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, each_run
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

LIMITS = (0.2, 0.45)
"""Of the source's axis, with room for what is worse than predicting zero."""
BESIDE = {"loc": "center left", "bbox_to_anchor": (1, 0.5), "handlelength": 1}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses on the training law, seed by seed, for each has a plateau of its own."""
    found = rows(metrics, metric="loss", option=None)
    return found.assign(run=found["seed"])


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    heads: list[LearnerName],
    fixed: list[LearnerName],
    level: LearnerName,
) -> Figure:
    """Left plateaus of `heads`, right `fixed` batches; each with `level`, and its legend beside it."""
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 1.9), sharey=True)
    for axis, learners in zip(axes, (heads, fixed), strict=True):
        for learner in learners:
            each_run(axis, rows(table, learner=learner), looks[learner])
        experiment = rows(table, learner=learners[0])["experiment"].iloc[0]
        reached = rows(table, learner=level, experiment=experiment)["mean"].iloc[0]
        axis.axhline(reached, color=looks[level].colour, linestyle="--", label=looks[level].label, zorder=0)
        axis.set(ylim=LIMITS, xlabel="training step")
        axis.legend(**BESIDE)
    axes[0].set(ylabel="test loss")
    return figure
