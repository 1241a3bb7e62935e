"""Losses out of distribution (TLIG, figure 2 right), with the closed form of one step."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plots.style import PAGE, numbers, points

SIZES = {"gd_mean": 7.0, "transformer": 5.0, "interpolation": 2.5}
LEARNERS = ["closed_form", *SIZES]
NUMERIC = {
    "input_scale": r"input scale $\alpha$",
    "weight_scale": "weight scale $s$",
    "context_length": "context length $N$",
    "corrupted_labels": "corrupted labels",
}
LAWS = {"normal": "normal", "laplace": "Laplace", "exponential": "expon.", "norm_matched": "sphere"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses under every shift, and those of predicting zero."""
    options = "|".join([*NUMERIC, "inputs"])
    kept = metrics["condition"].str.match(f"({options})=")
    kept &= metrics["metric"].isin(["loss", "trivial_loss"])
    return metrics[kept & metrics["learner"].isin(LEARNERS)]


def draw(table: pd.DataFrame) -> Figure:
    """One panel per shift; losses relative to predicting zero."""
    zero = table[table["metric"] == "trivial_loss"].set_index("condition")["mean"]
    table = table[table["metric"] == "loss"]
    scale = table["condition"].map(zero)
    table = table.assign(**{column: table[column] / scale for column in ("mean", "low", "high")})
    figure, axes = plt.subplots(1, 5, figsize=(PAGE, 1.9), sharey=True)
    for panel, (option, title) in zip(axes, NUMERIC.items(), strict=False):
        rows = table[table["condition"].str.startswith(f"{option}=")]
        _panel(panel, rows, numbers(rows["condition"]))
        panel.set(xlabel=title)
    rows = table[table["condition"].str.startswith("inputs=")]
    order = {law: index for index, law in enumerate(LAWS)}
    _panel(axes[-1], rows, rows["condition"].str.removeprefix("inputs=").map(order))
    axes[-1].set_xticks(range(len(LAWS)), list(LAWS.values()), rotation=30)
    axes[-1].set(xlabel="input law", xlim=(-0.5, len(LAWS) - 0.5))
    axes[0].set(ylabel="loss / loss of zero", yscale="log", ylim=(0.25, 8))
    axes[0].set_yticks([0.5, 1, 2, 5], ["0.5", "1", "2", "5"])
    axes[0].minorticks_off()
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(LEARNERS))
    return figure


def _panel(panel: Axes, rows: pd.DataFrame, x: pd.Series) -> None:
    exact = (rows["learner"] == "closed_form").to_numpy()
    order = x[exact].argsort()
    line, values = x[exact].iloc[order], rows[exact]["mean"].iloc[order]
    panel.plot(line, values, color="#BBBBBB", linewidth=3, label="one step, closed form")
    for learner, size in SIZES.items():
        mine = (rows["learner"] == learner).to_numpy()
        points(panel, x[mine], rows[mine], learner, size)
    panel.axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
