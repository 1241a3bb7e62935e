"""Induction heads beside what they may compute: same choice, same logits, same growth with matches?"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plotting.style import PAGE, label, look, numbers, points
from icgd.studies.induction.plot_formation import TASKS

RIVALS = ["step", "mean_step", "frequencies", "dirichlet", "last_follower", "unigram"]
PANELS = {"agreement_with_": "same largest logit", "explained_variance_by_": "explained variance $R^2$"}
LINES = {"language": "-", "markov": "--"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Agreement with each rival, variance that it explains, and relative logits by matches."""
    wanted = [prefix + rival for prefix in PANELS for rival in RIVALS]
    return metrics[metrics["metric"].isin([*wanted, "relative_follower_logit"]) & metrics["step"].notna()]


def draw(table: pd.DataFrame, *, models: list[list[str]]) -> Figure:
    """A position on the horizontal axis for each [experiment, learner]; right the growth."""
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.3), width_ratios=[1, 1, 0.9])
    for panel, (prefix, title) in zip(axes, PANELS.items(), strict=False):
        for index, rival in enumerate(RIVALS):
            rows = pd.concat([_rows(table, model, prefix + rival) for model in models])
            offset = 0.1 * (index - (len(RIVALS) - 1) / 2)
            points(panel, pd.Series(np.arange(len(models)) + offset), rows, rival, 4)
        names = [f"{TASKS[experiment]},\n{label(learner)}" for experiment, learner in models]
        panel.set_xticks(range(len(models)), names, rotation=35, fontsize=6)
        panel.set(ylabel=title, ylim=(0, 1.02))
    _growth(axes[2], table, models)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def _rows(table: pd.DataFrame, model: list[str], metric: str) -> pd.DataFrame:
    return table[(table[["experiment", "learner", "metric"]] == [*model, metric]).all(axis=1)]


def _growth(panel: Axes, table: pd.DataFrame, models: list[list[str]]) -> None:
    for experiment, learner in models:
        rows = _rows(table, [experiment, learner], "relative_follower_logit").sort_values("condition")
        _, colour, shape = look(learner)
        name = f"{TASKS[experiment]}, {label(learner)}"
        x = numbers(rows["condition"])
        panel.plot(x, rows["mean"], LINES[experiment], marker=shape, color=colour, label=name)
        panel.fill_between(x, rows["low"], rows["high"], color=colour, alpha=0.2, linewidth=0)
    ends = np.array([x.min(), x.max()])
    panel.plot(ends, ends, ":", color=look("step")[1], label="GD step")
    panel.plot(ends, [1, 1], ":", color=look("frequencies")[1], label="frequencies")
    panel.set(xlabel="matches, all the same", ylabel="logit relative to one match", ylim=(0, 9))
    panel.legend(fontsize=5.5, loc="upper left")
