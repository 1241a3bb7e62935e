"""Induction heads over training: losses, and the scores of heads in several models."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plotting.style import PAGE, curve, label

SCORES = {
    ("layer=1", "previous_token"): ("previous token", "#D55E00", "-"),
    ("layer=1", "previous_token_largest"): ("previous token largest", "#D55E00", ":"),
    ("layer=2", "prefix_matching"): ("prefix matching", "#0072B2", "-"),
    ("layer=2", "copying"): ("copying", "#009E73", "--"),
}
TASKS = {"language": "segments", "markov": "Markov chains"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The losses on the second window, scores by layer and phase changes."""
    kept = metrics["metric"].isin({metric for _, metric in SCORES} | {"second_loss", "phase_change_step"})
    return metrics[kept & metrics["step"].notna()]


def draw(table: pd.DataFrame, *, panels: list[list[str]], losses: list[str]) -> Figure:
    """Left the losses [experiment, learner, …], then scores for each [experiment, learner]."""
    figure, axes = plt.subplots(1, 1 + len(panels), figsize=(PAGE, 2.0))
    experiment, *learners = losses
    for learner in learners:
        rows = _rows(table, experiment, learner, "second_loss")
        curve(axes[0], rows["step"].astype(float), rows, learner, marker=False)
    axes[0].set(xlabel="training step", ylabel="loss, second segment (nats)", ylim=(0, None))
    axes[0].legend(fontsize=6)
    for panel, (experiment, learner) in zip(axes[1:], panels, strict=True):
        _scores(panel, table, experiment, learner)
    axes[1].set(ylabel="score")
    handles, names = axes[1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def _rows(table: pd.DataFrame, experiment: str, learner: str, metric: str) -> pd.DataFrame:
    return table[(table[["experiment", "learner", "metric"]] == [experiment, learner, metric]).all(axis=1)]


def _scores(panel: Axes, table: pd.DataFrame, experiment: str, learner: str) -> None:
    for (layer, metric), (name, colour, line) in SCORES.items():
        rows = _rows(table, experiment, learner, metric)
        rows = rows[rows["condition"] == layer].sort_values("step")
        steps = rows["step"].astype(float)
        panel.plot(steps, rows["mean"], line, color=colour, label=name)
        panel.fill_between(steps, rows["low"], rows["high"], color=colour, alpha=0.2, linewidth=0)
    change = _rows(table, experiment, learner, "phase_change_step").iloc[0]
    panel.axvspan(change["min"], change["max"], color="black", alpha=0.15, linewidth=0, label="phase change")
    panel.set(xlabel="training step", ylim=(-0.05, 1.05))
    panel.set_title(f"{TASKS[experiment]}, {label(learner)}")
