"""Losses after each example of a sequence: causal stacks beside what they may be."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, few_decades
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Bounded losses by position at the end of training, on the training law."""
    return rows(metrics, metric="bounded_loss", position=..., option=None)


def draw(
    table: pd.DataFrame, looks: Looks, *, panels: dict[str, list[LearnerName]], shown: dict[str, float]
) -> Figure:
    """A panel for each title; trained learners as points, algorithms as lines; `shown` are the axis' ends."""
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE, 2.2), sharey=True, squeeze=False)
    for panel, (title, learners) in zip(axes[0], panels.items(), strict=True):
        for learner in learners:
            mine, look = rows(table, learner=learner), looks[learner]
            trained = mine["step"].notna().all()
            style = {"linestyle": "none"} if trained else {"marker": ""}
            curve(panel, mine["position"], mine, look, label=look.name, **style)
        panel.set(title=title, xlabel="examples seen $n$", ylim=(shown["low"], shown["high"]))
        panel.legend(fontsize=7, handlelength=1.5, loc="center left", bbox_to_anchor=(1, 0.5))
        panel.xaxis.set_major_locator(MultipleLocator(5))
    axes[0, 0].set(ylabel="test loss", yscale="log")
    few_decades(axes[0, 0])
    return figure
