"""Losses out of distribution (TLIG, figure 2 right and figure 3 right), relative to predicting zero.

The scale of the weights has no panel: relative to zero, it changes nothing for what is linear in labels.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, few_decades, legend_above, numbers, points
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

NUMERIC = {
    "input_scale": r"input scale $\alpha$",
    "context_length": "context length $N$",
    "corrupted_labels": "corrupted labels",
    "label_noise": r"label noise $\tau$",
    "amplitude_scale": "amplitude scale",
    "phase_shift": r"phase shift ($\pi$)",
}
LAWS = {"normal": "normal", "laplace": "Laplace", "exponential": "expon.", "norm_matched": "sphere"}
OPTIONS = [*NUMERIC, "inputs"]
SIZES = (7.0, 5.0, 2.5)


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses under the shifts that are drawn, and those of predicting zero."""
    return rows(metrics, option=OPTIONS, metric=["loss", "bounded_loss", "trivial_loss"])


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    learners: list[LearnerName],
    zero: LearnerName,
    metric: str,
    limits: list[float],
) -> Figure:
    """A panel per shift; `limits` are those of the scale.

    `zero` is the learner that predicts zero, or closed_form.
    """
    table = _relative(table, zero, metric)
    options = [option for option in OPTIONS if len(rows(table, option=option))]
    figure, axes = plt.subplots(1, len(options), figsize=(PAGE, 1.8), sharey=True, squeeze=False)
    for panel, option in zip(axes[0], options, strict=True):
        _panel(panel, rows(table, option=option), option, learners, looks)
        panel.set(xlabel=NUMERIC.get(option, "input law"))
    first = axes[0, 0]
    first.set(ylabel="loss / loss of zero", yscale="log", ylim=limits)
    if np.log10(limits[1] / limits[0]) < 2:
        few_decades(first)
    first.minorticks_off()
    legend_above(figure, first)
    return figure


def _relative(table: pd.DataFrame, zero: str, metric: str) -> pd.DataFrame:
    """The learners' metric, and the closed form's loss, over the loss of predicting zero at each shift."""
    level = rows(table, learner=zero, metric="trivial_loss" if zero == "closed_form" else metric)
    table = pd.concat([rows(table, metric=metric), rows(table, learner="closed_form", metric="loss")])
    table = table.drop_duplicates(["learner", "option", "setting", "metric"])
    shift = ["option", "setting"]
    scale = table[shift].merge(level, how="left", on=shift)["mean"].to_numpy(float)
    return table.assign(**{column: table[column] / scale for column in ("mean", "low", "high")})


def _panel(panel: Axes, table: pd.DataFrame, option: str, learners: list[str], looks: Looks) -> None:
    if option == "inputs":
        table = table.assign(x=table["setting"].map({law: float(i) for i, law in enumerate(LAWS)}))
        panel.set_xticks(range(len(LAWS)), list(LAWS.values()), rotation=30)
        panel.set_xlim(-0.5, len(LAWS) - 0.5)
    else:
        table = table.assign(x=numbers(table["setting"]))
    drawn = [learner for learner in learners if learner != "closed_form"]
    if drawn != learners:
        line = rows(table, learner="closed_form").sort_values("x")
        panel.plot(line["x"], line["mean"], color="#BBBBBB", linewidth=3, label="one step, closed form")
    for learner, size in zip(drawn, SIZES, strict=False):
        mine = rows(table, learner=learner)
        points(panel, mine["x"], mine, looks[learner], size)
    panel.axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
