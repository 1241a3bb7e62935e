"""A trained layer applied repeatedly with damping (TLIG, figure 3 left)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, PAGE, curve
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

LOSS, EXCESS = "stable_loss", "stable_relative_excess_loss"


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses at every step of the roll-out, on prompts where the algorithm converges."""
    return rows(metrics, metric=[LOSS, EXCESS])


def draw(table: pd.DataFrame, looks: Looks, *, panels: list[list[LearnerName]]) -> Figure:
    """A column per list of learners, the algorithm first: losses, and the excess over the algorithm."""
    width = COLUMN if len(panels) < 3 else PAGE
    figure, axes = plt.subplots(
        2, len(panels), figsize=(width, 2.7), sharex=True, height_ratios=(3, 2), squeeze=False
    )
    for (above, below), learners in zip(axes.T, panels, strict=True):
        for learner in learners:
            loss = rows(table, learner=learner, metric=LOSS)
            curve(above, loss["times"], loss, looks[learner], marker="")
        above.lines[0].set_linewidth(3)
        algorithm, *models = learners
        level = looks[algorithm]
        below.axhline(0, color=level.colour, linewidth=1.2)
        for learner in models:
            excess = rows(table, learner=learner, metric=EXCESS, reference=algorithm)
            percent = excess.assign(**{c: 100 * excess[c] for c in ("mean", "low", "high")})
            curve(below, excess["times"], percent, looks[learner], marker="")
        above.set(ylim=(0, None))
        above.legend()
        below.set(xlabel="applications of the layer")
    axes[0, 0].set(ylabel="test loss")
    axes[1, 0].set(ylabel="excess (%)")
    return figure
