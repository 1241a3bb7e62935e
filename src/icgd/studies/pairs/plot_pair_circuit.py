"""The induction head on regression tokens: its construction, attention, ablations and example weights."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.plotting.style import PAGE, curve, numbers, points

CHANGES = {
    "none": "as trained",
    "no_input_to_label": "labels do not\nread inputs",
    "no_label_to_input": "inputs do not\nread labels",
    "mean_of_inputs": "inputs' rows\naveraged",
    "exact_pairs": "exact pairs",
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors of the construction, mean attention, losses of changed maps and weights of examples."""
    wanted = ["relative_distance", "attention", "loss", "relative_example_weight"]
    kept = metrics["condition"].str.startswith(("sharpness=", "entry=", "map=", "squared_norm="))
    return metrics[kept & metrics["metric"].isin(wanted)]


def draw(table: pd.DataFrame, *, learners: list[str], algorithms: list[str]) -> Figure:
    """Four panels; the attention map is that of the first learner, averaged over seeds and prompts."""
    figure, axes = plt.subplots(1, 4, figsize=(PAGE, 2.1), width_ratios=[0.9, 1, 1.2, 1.1])
    errors = table[table["metric"] == "relative_distance"]
    curve(axes[0], numbers(errors["condition"]), errors, "induction_head")
    axes[0].set(xlabel=r"sharpness $\beta$", ylabel="distance to GD", yscale="log")
    _attention(axes[1], figure, table[table["learner"] == learners[0]])
    losses = table[(table["metric"] == "loss") & table["condition"].str.startswith("map=")]
    for learner in learners:
        rows = losses[losses["learner"] == learner].set_index("condition")
        rows = rows.loc[[f"map={change}" for change in CHANGES]]
        points(axes[2], pd.Series(range(len(CHANGES))), rows.reset_index(), learner, 4)
    axes[2].set_xticks(range(len(CHANGES)), list(CHANGES.values()), rotation=60, fontsize=5.5)
    axes[2].set(ylabel="test loss", ylim=(0.15, None))
    weights = table[table["metric"] == "relative_example_weight"]
    for learner in [*learners, *algorithms]:
        rows = weights[weights["learner"] == learner]
        curve(axes[3], numbers(rows["condition"]), rows, learner)
    axes[3].set(xlabel=r"$\|x_j\|^2$", ylabel="weight of the example")
    handles, names = axes[3].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure


def _attention(panel: Axes, figure: Figure, table: pd.DataFrame) -> None:
    rows = table[table["metric"] == "attention"]
    places = rows["condition"].str.removeprefix("entry=").str.split(",", expand=True).astype(int)
    size = places.max().max() + 1
    weights = np.zeros((size, size))
    weights[places[1], places[2]] = rows["mean"]
    image = panel.imshow(weights, cmap="viridis", vmin=0)
    figure.colorbar(image, ax=panel, shrink=0.7)
    panel.set(xlabel="token read", ylabel="reading token")
