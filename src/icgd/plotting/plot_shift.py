"""Losses out of distribution (TLIG, figure 2 right and figure 3 right), relative to predicting zero."""

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
    "weight_scale": "weight scale $s$",
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
    """Losses under every shift, and those of predicting zero."""
    return rows(metrics, option=OPTIONS, metric=["loss", "bounded_loss", "trivial_loss"])


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    lines: list[list[LearnerName]],
    zero: LearnerName,
    metric: str,
    limits: list[float],
) -> Figure:
    """A row of panels per list of learners and a panel per shift; `limits` are those of the scale.

    `zero` is the learner that predicts zero, or closed_form.
    """
    table = _relative(table, zero, metric)
    options = [option for option in OPTIONS if len(rows(table, option=option))]
    figure, axes = plt.subplots(
        len(lines), len(options), figsize=(PAGE, 0.6 + 1.2 * len(lines)), sharey="row", squeeze=False
    )
    for line, learners in zip(axes, lines, strict=True):
        for panel, option in zip(line, options, strict=True):
            _panel(panel, rows(table, option=option), option, learners, looks)
        line[0].set(ylabel="loss / loss of zero", yscale="log", ylim=limits)
        if np.log10(limits[1] / limits[0]) < 2:
            few_decades(line[0])
        line[0].minorticks_off()
        if len(lines) > 1:
            model = next(looks[name].model for name in reversed(learners) if looks[name].model)
            line[0].text(0.03, 0.97, model, transform=line[0].transAxes, va="top", fontsize=7)
            line[-1].legend(fontsize=7, handlelength=1, loc="upper left", bbox_to_anchor=(1, 1))
    if len(lines) == 1:
        legend_above(figure, axes[0, 0])
    for panel, option in zip(axes[-1], options, strict=True):
        panel.set(xlabel=NUMERIC.get(option, "input law"))
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
