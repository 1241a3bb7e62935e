"""Loss and alignment over training on the source's axes (TLIG, figures 2, 3, 4, 7, 8, 12 and 14)."""

import re

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from typing_extensions import TypedDict

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, each_run, legend_above
from icgd.plotting.looks import Look, Looks
from icgd.ranges import LearnerName

LOSS = "bounded_loss"
DIFFERENCES = {"prediction_l2": "-", "sensitivity_l2": ":"}
COSINE = "sensitivity_cosine"


class Panel(TypedDict):
    """A model of an experiment with what it is compared with, and the limits of the source's axes."""

    experiment: str
    model: LearnerName
    algorithms: list[LearnerName]
    bound: float | None
    """Of activations in the evaluation, if it has one."""
    loss: list[float]
    difference: float
    cosine: list[float]


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses, differences and cosines on the training law; then each seed by itself, as some do not train."""
    kept = rows(metrics, option=None, metric=[LOSS, COSINE, *DIFFERENCES])
    return pd.concat([kept, kept[kept["seed"].notna()].assign(run=kept["seed"])])


def draw(table: pd.DataFrame, looks: Looks, *, panels: list[Panel]) -> Figure:
    """A column per panel: losses, differences of predictions (line) and sensitivities (dots), cosines.

    Of the model every seed has a line. An algorithm's colour is that of its loss, and of the model's
    differences from it and cosine with it; its name stands for any number of steps.
    """
    figure, axes = plt.subplots(3, len(panels), figsize=(PAGE, 4.1), sharex="col", squeeze=False)
    for column, panel in zip(axes.T.tolist(), panels, strict=True):
        mine = rows(table, experiment=panel["experiment"], bound=panel["bound"])
        model = looks[panel["model"]]
        each_run(column[0], rows(mine, learner=panel["model"], metric=LOSS, run=...), model)
        for name in panel["algorithms"]:
            _algorithm(column, mine, panel["model"], name, at_any_depth(looks[name]))
        column[0].set(title=model.name, ylim=panel["loss"])
        column[1].set(ylim=(0, panel["difference"]))
        column[2].set(ylim=panel["cosine"], xlabel="training step")
        column[2].axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
    axes[0, 0].set(ylabel="test loss")
    axes[1, 0].set(ylabel="differences")
    axes[2, 0].set(ylabel="sensitivity cosine")
    legend_above(figure, *axes[0])
    return figure


def at_any_depth(look: Look) -> Look:
    """An algorithm's look without its number of steps, which the panel's title has."""
    return look._replace(label=re.sub(r" \d+", "", look.label))


def _algorithm(column: list[Axes], mine: pd.DataFrame, model: str, name: str, look: Look) -> None:
    level = rows(mine, learner=name, metric=LOSS, run=None)
    level = level[level["step"].isna() | (level["step"] == level["step"].max())]["mean"].iloc[0]
    column[0].axhline(level, color=look.colour, linestyle="--", label=look.label, zorder=0)
    for metric, line in DIFFERENCES.items():
        each_run(column[1], rows(mine, learner=model, metric=metric, reference=name, run=...), look, line)
    each_run(column[2], rows(mine, learner=model, metric=COSINE, reference=name, run=...), look)
