"""Losses out of distribution (TLIG, figure 2 right and figure 3 right), relative to predicting zero."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plotting.style import MODELS, PAGE, numbers, points

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
SIZES = (7.0, 5.0, 2.5)


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses under every shift, and those of predicting zero."""
    kept = metrics["condition"].str.match("(" + "|".join([*NUMERIC, "inputs"]) + ")=")
    return metrics[kept & metrics["metric"].isin(["loss", "bounded_loss", "trivial_loss"])]


def draw(table: pd.DataFrame, *, rows: list[list[str]], metric: str, limits: list[float]) -> Figure:
    """A row per list of learners and a panel per shift; `limits` are those of the scale."""
    trivial = (table["learner"] == "trivial") & (table["metric"] == metric)
    exact = table["metric"] == "trivial_loss"
    zero = table[exact if exact.any() else trivial].set_index("condition")["mean"]
    exact = (table["learner"] == "closed_form") & (table["metric"] == "loss")
    table = table[(table["metric"] == metric) | exact]
    scale = table["condition"].map(zero)
    table = table.assign(**{column: table[column] / scale for column in ("mean", "low", "high")})
    options = [o for o in [*NUMERIC, "inputs"] if table["condition"].str.startswith(f"{o}=").any()]
    shape = (len(rows), len(options))
    height = 0.6 + 1.2 * len(rows)
    figure, axes = plt.subplots(*shape, figsize=(PAGE, height), sharey="row", squeeze=False)
    for line, learners in zip(axes, rows, strict=True):
        for panel, option in zip(line, options, strict=True):
            _panel(panel, table[table["condition"].str.startswith(f"{option}=")], option, learners)
        line[0].set(ylabel="loss / loss of zero", yscale="log", ylim=limits)
        line[0].minorticks_off()
        model = next((name for name in learners if name in MODELS), "")
        if len(rows) > 1:
            line[0].text(0.03, 0.97, MODELS[model], transform=line[0].transAxes, va="top", fontsize=7)
            line[-1].legend(fontsize=6, handlelength=1, loc="upper left", bbox_to_anchor=(1, 1))
    if len(rows) == 1:
        handles, names = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    for panel, option in zip(axes[-1], options, strict=True):
        panel.set(xlabel=NUMERIC.get(option, "input law"))
    return figure


def _panel(panel: Axes, table: pd.DataFrame, option: str, learners: list[str]) -> None:
    if option == "inputs":
        order = {law: index for index, law in enumerate(LAWS)}
        x = table["condition"].str.removeprefix("inputs=").map(order).astype(float)
        panel.set_xticks(range(len(LAWS)), list(LAWS.values()), rotation=30)
        panel.set_xlim(-0.5, len(LAWS) - 0.5)
    else:
        x = numbers(table["condition"])
    if "closed_form" in learners:
        exact = (table["learner"] == "closed_form").to_numpy()
        line = x[exact].sort_values()
        values = table["mean"].loc[line.index]
        panel.plot(line, values, color="#BBBBBB", linewidth=3, label="one step, closed form")
    drawn = [learner for learner in learners if learner != "closed_form"]
    for learner, size in zip(drawn, SIZES, strict=False):
        mine = (table["learner"] == learner).to_numpy()
        points(panel, x[mine], table[mine], learner, size)
    panel.axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
