"""Copying within pairs and the fall of the loss over training, and which comes first."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

CURVES = {
    "loss": ("loss", "#000000", "-"),
    "partner": ("sensitivity to own label", "#0072B2", "-"),
    "other": ("to other tokens", "#E69F00", "--"),
    "specific": ("own label minus others", "#009E73", "-"),
    "attention": ("attention to own label", "#CC79A7", ":"),
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses and shares over training, and leads with their bootstrapped bounds."""
    curves = rows(metrics, metric=["share", "lead", "lead_low", "lead_high"], curve=list(CURVES))
    return pd.concat([rows(metrics, metric="level", curve="loss"), curves])


def draw(table: pd.DataFrame, looks: Looks, *, learner: LearnerName) -> Figure:
    """Left the loss, middle the curves about its fall, right their leads."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.1))
    table, colour = rows(table, learner=learner), looks[learner].colour
    level = rows(table, metric="level").sort_values("step")
    steps = level["step"].astype(float)
    left.plot(steps, level["mean"], color=colour)
    left.fill_between(steps, level["min"], level["max"], color=colour, alpha=0.2, linewidth=0)
    left.set(xlabel="training step", ylabel="test loss", ylim=(0.15, 0.5))
    for curve, (name, colour, line) in CURVES.items():
        mine = rows(table, metric="share", curve=curve).sort_values("offset")
        offset = mine["offset"].astype(float)
        middle.plot(offset, mine["mean"], line, color=colour, label=name)
        middle.fill_between(offset, mine["low"], mine["high"], color=colour, alpha=0.15, linewidth=0)
    middle.set(xlabel="steps since the middle of the fall", ylabel="share of its way", ylim=(-0.05, 1.05))
    _leads(right, table)
    legend_above(figure, middle)
    return figure


def _leads(panel: Axes, table: pd.DataFrame) -> None:
    """Mean lead over the loss at each fraction, bars from the bootstrap."""
    table = table.assign(fraction=table["fraction"].astype(float)).set_index("fraction").sort_index()
    for index, curve in enumerate(curve for curve in CURVES if curve != "loss"):
        _, colour, _ = CURVES[curve]
        lead, low, high = (
            rows(table, metric=metric, curve=curve)["mean"] for metric in ("lead", "lead_low", "lead_high")
        )
        x = lead.index + 0.02 * (index - 1.5)
        bars = [
            (lead - low).clip(lower=0),
            (high - lead).clip(lower=0),
        ]  # a rounding error below zero is refused
        panel.errorbar(x, lead, bars, fmt="osD^"[index], color=colour, markersize=3)
    panel.axhline(0, color="black", linestyle=":", linewidth=0.8)
    panel.set_yscale("symlog", linthresh=100)
    panel.set(xlabel="criterion: share of its way", ylabel="steps before the loss")
