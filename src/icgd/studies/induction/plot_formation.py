"""Induction heads over training: losses, and the scores of heads in several models."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

SCORES = {
    (1, "previous_token"): ("previous token", "#D55E00", "-"),
    (1, "previous_token_largest"): ("previous token largest", "#D55E00", ":"),
    (2, "prefix_matching"): ("prefix matching", "#0072B2", "-"),
    (2, "copying"): ("copying", "#009E73", "--"),
}
"""Scores by layer, with their names, colours and lines."""
TASKS = {"language": "segments", "markov": "Markov chains"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The losses on the second window, scores by layer and phase changes."""
    return rows(metrics, metric=[*(metric for _, metric in SCORES), "second_loss", "phase_change_step"])


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    losses: dict[str, list[LearnerName]],
    panels: list[dict[str, LearnerName]],
) -> Figure:
    """Left the losses of learners by experiment, then scores in a panel for each learner by experiment."""
    figure, axes = plt.subplots(1, 1 + len(panels), figsize=(PAGE, 2.0))
    for experiment, learners in losses.items():
        for learner in learners:
            loss = rows(table, experiment=experiment, learner=learner, metric="second_loss")
            curve(axes[0], loss["step"], loss, looks[learner], marker="")
    axes[0].set(xlabel="training step", ylabel="loss, second segment (nats)", ylim=(0, None))
    axes[0].legend(fontsize=7, loc="center right", bbox_to_anchor=(1, 0.6))
    for panel, models in zip(axes[1:], panels, strict=True):
        for experiment, learner in models.items():
            _scores(panel, rows(table, experiment=experiment, learner=learner))
            panel.set_title(f"{TASKS[experiment]}, {looks[learner].label}")
    axes[1].set(ylabel="score")
    legend_above(figure, axes[1])
    return figure


def _scores(panel: Axes, table: pd.DataFrame) -> None:
    """The scores of one model over training, and the range over seeds of its phase change."""
    for (layer, metric), (name, colour, line) in SCORES.items():
        score = rows(table, metric=metric, layer=layer).sort_values("step")
        steps = score["step"].astype(float)
        panel.plot(steps, score["mean"], line, color=colour, label=name)
        panel.fill_between(steps, score["low"], score["high"], color=colour, alpha=0.2, linewidth=0)
    change = rows(table, metric="phase_change_step").iloc[0]
    panel.axvspan(change["min"], change["max"], color="black", alpha=0.15, linewidth=0, label="phase change")
    panel.set(xlabel="training step", ylim=(-0.05, 1.05))
