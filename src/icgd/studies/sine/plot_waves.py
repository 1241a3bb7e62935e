"""Sine waves: losses over training, and functions before and after the examples are seen."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plotting.style import PAGE, curve, look

SHOWN = {"meta": "-", "wave_transformer": "--"}
FLOORS = {"best_step": "best step", "best_layer": "best layer"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses on the training law, and the functions."""
    losses = (metrics["metric"] == "bounded_loss") & (metrics["condition"] == "test")
    return metrics[losses | metrics["condition"].str.startswith("prompt=")]


def draw(table: pd.DataFrame, *, learners: list[str], prompts: int) -> Figure:
    """Left losses, then a panel per prompt with the functions of the first seed and the examples."""
    figure, axes = plt.subplots(1, 1 + prompts, figsize=(PAGE, 2.1))
    losses = table[table["metric"] == "bounded_loss"]
    for learner in learners:
        rows = losses[losses["learner"] == learner]
        curve(axes[0], rows["step"].astype(float), rows, learner, marker=False)
    for floor, name in FLOORS.items():
        level = losses.loc[losses["learner"] == floor, "mean"].iloc[0]
        axes[0].axhline(level, color=look(floor)[1], linestyle=":", label=name, zorder=0)
    axes[0].set(xlabel="training step", ylabel="test loss", yscale="log", ylim=(3e-6, 30))
    axes[0].legend(fontsize=5.5, ncols=2, loc="upper right")
    for index, panel in enumerate(axes[1:]):
        _functions(panel, table[table["condition"].str.startswith(f"prompt={index},")])
        panel.set(xlabel="$x$")
    axes[1].set(ylabel="$y$")
    handles, names = axes[1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def _functions(panel: Axes, table: pd.DataFrame) -> None:
    examples = table[table["condition"].str.contains("example=")]
    x, y = (examples[examples["metric"] == axis].sort_values("condition")["mean"] for axis in "xy")
    panel.plot(x, y, "ko", label="examples", fillstyle="none", zorder=3)
    values = table[table["condition"].str.contains(",x=")]
    values = values.assign(x=values["condition"].str.split("x=").str[1].astype(float)).sort_values("x")
    for learner, line in SHOWN.items():
        name, colour, _ = look(learner)
        for part, width in (("before", 0.7), ("after", 1.4)):
            rows = values[(values["learner"] == learner) & (values["metric"] == part)]
            panel.plot(rows["x"], rows["mean"], line, color=colour, linewidth=width, label=f"{name}, {part}")
            panel.fill_between(rows["x"], rows["min"], rows["max"], color=colour, alpha=0.15, linewidth=0)
