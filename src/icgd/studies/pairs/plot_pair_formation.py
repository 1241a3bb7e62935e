"""Copying within pairs and the fall of the loss over training, and which comes first."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plotting.style import PAGE, look, numbers

CURVES = {
    "loss": ("loss", "#000000", "-"),
    "partner": ("sensitivity to own label", "#0072B2", "-"),
    "other": ("to other tokens", "#E69F00", "--"),
    "specific": ("own label minus others", "#009E73", "-"),
    "attention": ("attention to own label", "#CC79A7", ":"),
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses and shares over training, and leads with their bootstrapped bounds."""
    suffixes = ("_share", "_lead", "_low", "_high")
    kept = metrics["metric"].str.endswith(suffixes) | (metrics["condition"] == "formation")
    return metrics[kept & (metrics["metric"].isin(["loss"]) | metrics["metric"].str.endswith(suffixes))]


def draw(table: pd.DataFrame, *, learners: list[str], aligned: str) -> Figure:
    """Left losses of every model, middle the curves of one about its fall, right their leads."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.1))
    for learner in learners:
        rows = table[(table["learner"] == learner) & (table["condition"] == "formation")]
        rows = rows.sort_values("step")
        name, colour, _ = look(learner)
        steps = rows["step"].astype(float)
        left.plot(steps, rows["mean"], color=colour, label=name)
        left.fill_between(steps, rows["min"], rows["max"], color=colour, alpha=0.2, linewidth=0)
    left.set(xlabel="training step", ylabel="test loss", ylim=(0.15, 0.5))
    left.legend(fontsize=6)
    ours = table[table["learner"] == aligned]
    shares = ours[ours["metric"].str.endswith("_share")]
    for metric, (name, colour, line) in CURVES.items():
        rows = shares[shares["metric"] == f"{metric}_share"]
        rows = rows.assign(offset=numbers(rows["condition"])).sort_values("offset")
        middle.plot(rows["offset"], rows["mean"], line, color=colour, label=name)
        middle.fill_between(rows["offset"], rows["low"], rows["high"], color=colour, alpha=0.15, linewidth=0)
    middle.set(xlabel="steps since the middle of the fall", ylabel="share of its way", ylim=(-0.05, 1.05))
    _leads(right, ours)
    handles, names = middle.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def _leads(panel: Axes, table: pd.DataFrame) -> None:
    """Mean lead over the loss at each fraction, bars from the bootstrap."""
    table = table[table["condition"].str.startswith("fraction=")]
    table = table.assign(fraction=numbers(table["condition"])).set_index("fraction").sort_index()
    for index, metric in enumerate(curve for curve in CURVES if curve != "loss"):
        _, colour, _ = CURVES[metric]
        rows = {
            part: table[table["metric"] == f"{metric}_{part}"]["mean"] for part in ("lead", "low", "high")
        }
        x = rows["lead"].index + 0.02 * (index - 1.5)
        error = [rows["lead"] - rows["low"], rows["high"] - rows["lead"]]
        panel.errorbar(x, rows["lead"], error, fmt="osD^"[index], color=colour, markersize=3)
    panel.axhline(0, color="black", linestyle=":", linewidth=0.8)
    panel.set_yscale("symlog", linthresh=100)
    panel.set(xlabel="criterion: share of its way", ylabel="steps before the loss")
