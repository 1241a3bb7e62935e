"""Roll-outs of labels alone, plateaus of one and two heads, fixed batches (TLIG, figures 10, 15 and 16)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, each_run
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

LOSS = "loss"
ROLLED_LIMITS, TRAINED_LIMITS = (0.0, 0.27), (0.2, 0.45)
"""Of the source's axes, the second with room for what is worse than predicting zero."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses on the training law; those over training seed by seed, for each has a plateau of its own."""
    found = rows(metrics, metric=LOSS, option=None)
    rolled = rows(found, damping=...)
    trained = rows(found, damping=None)
    return pd.concat([rolled, trained.assign(run=trained["seed"])])


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    rolled: list[LearnerName],
    heads: list[LearnerName],
    fixed: list[LearnerName],
    level: LearnerName,
) -> Figure:
    """A panel per damping, one for plateaus of `heads`, one for `fixed` batches; each with `level`."""
    dampings = sorted(rows(table, damping=...)["damping"].unique(), reverse=True)
    figure, axes = plt.subplots(1, len(dampings) + 2, figsize=(PAGE, 1.9))
    for axis, damping in zip(axes, dampings, strict=False):
        for learner in rolled:
            mine = rows(table, learner=learner, damping=damping)
            curve(axis, mine["times"], mine, looks[learner], marker="")
        axis.set(ylim=ROLLED_LIMITS, xlabel="applications", title=rf"$\lambda={damping:g}$")
    axes[0].set(ylabel="test loss")
    axes[0].legend(fontsize=7)
    trained = rows(table, damping=None)
    for axis, learners in ((axes[-2], heads), (axes[-1], fixed)):
        for learner in learners:
            each_run(axis, rows(trained, learner=learner), looks[learner])
        experiment = rows(trained, learner=learners[0])["experiment"].iloc[0]
        reached = rows(trained, learner=level, experiment=experiment)["mean"].iloc[0]
        axis.axhline(reached, color=looks[level].colour, linestyle="--", label=looks[level].label, zorder=0)
        axis.set(ylim=TRAINED_LIMITS, xlabel="training step")
        axis.legend(fontsize=7, handlelength=1)
    return figure
