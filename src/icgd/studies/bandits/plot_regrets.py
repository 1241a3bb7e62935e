"""Regret over pulls: learners beside the algorithms that they may be."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Regret so far, by pull, on the training law."""
    return rows(metrics, metric="regret_so_far", option=None)


def draw(table: pd.DataFrame, looks: Looks, *, panels: dict[str, list[LearnerName]]) -> Figure:
    """A panel for each title, of its first learner's experiment; trained ones as points, others as lines."""
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE, 3.7), squeeze=False)
    for panel, (title, learners) in zip(axes[0], panels.items(), strict=True):
        experiment = rows(table, learner=learners[0])["experiment"].iloc[0]
        for learner in learners:
            mine, look = rows(table, learner=learner, experiment=experiment), looks[learner]
            trained = mine["step"].notna().all()
            style = {"linestyle": "none", "markevery": 3} if trained else {"marker": ""}
            curve(panel, mine["pull"], mine, look, label=look.name, **style)
        panel.set(title=title, xlabel="pulls", ylim=(0, None))
        panel.legend(handlelength=1.6, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    axes[0, 0].set(ylabel="regret so far")
    return figure
