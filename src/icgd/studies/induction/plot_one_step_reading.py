"""Induction heads beside what they may compute: same choice, same logits, same growth with matches?"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, legend_above, points
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName
from icgd.studies.induction.plot_formation import TASKS

RIVALS = ["step", "mean_step", "frequencies", "dirichlet", "last_follower", "unigram"]
PANELS = {"agreement": "same largest logit", "explained_variance": "explained variance $R^2$"}
GROWTH = "relative_follower_logit"
LINES = {"language": "-", "markov": "--"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Of trained models: agreement with each rival, variance that it explains, and logits by matches."""
    trained = rows(metrics, step=...)
    return pd.concat([rows(trained, metric=list(PANELS), reference=RIVALS), rows(trained, metric=GROWTH)])


def draw(table: pd.DataFrame, looks: Looks, *, models: list[dict[str, LearnerName]]) -> Figure:
    """A position on the horizontal axis for each learner by experiment; right the growth."""
    pairs = [pair for model in models for pair in model.items()]
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.3), width_ratios=[1, 1, 0.9])
    for panel, (metric, title) in zip(axes, PANELS.items(), strict=False):
        for index, rival in enumerate(RIVALS):
            mine = pd.concat(
                [rows(table, experiment=e, learner=name, metric=metric, reference=rival) for e, name in pairs]
            )
            offset = 0.1 * (index - (len(RIVALS) - 1) / 2)
            points(panel, np.arange(len(pairs)) + offset, mine, looks[rival], 4.0)
        names = [f"{TASKS[experiment]},\n{looks[learner].label}" for experiment, learner in pairs]
        panel.set_xticks(range(len(pairs)), names, rotation=35, fontsize=7)
        panel.set(ylabel=title, ylim=(0, 1.02))
    _growth(axes[2], table, looks, pairs)
    legend_above(figure, axes[0])
    return figure


def _growth(panel: Axes, table: pd.DataFrame, looks: Looks, pairs: list[tuple[str, str]]) -> None:
    """Logits by the number of matches, beside those of a sum and of an average."""
    for experiment, learner in pairs:
        mine = rows(table, experiment=experiment, learner=learner, metric=GROWTH).sort_values("matches")
        look, x = looks[learner], mine["matches"].astype(float)
        name = f"{TASKS[experiment]}, {look.label}"
        panel.plot(x, mine["mean"], LINES[experiment], marker=look.marker, color=look.colour, label=name)
        panel.fill_between(x, mine["low"], mine["high"], color=look.colour, alpha=0.2, linewidth=0)
    ends = np.array([x.min(), x.max()])
    for rule, level in (("step", ends), ("frequencies", np.ones(2))):
        panel.plot(ends, level, ":", color=looks[rule].colour, label=looks[rule].label)
    panel.set(xlabel="matches, all the same", ylabel="logit relative to one match", ylim=(0, 11))
    panel.legend(fontsize=7, loc="upper left")
