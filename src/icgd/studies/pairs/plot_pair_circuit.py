"""The induction head on regression tokens: its construction, attention, ablations and example weights."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, legend_above, points
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

CHANGES = {
    "none": "as trained",
    "no_input_to_label": "labels do not\nread inputs",
    "no_label_to_input": "inputs do not\nread labels",
    "mean_of_inputs": "inputs' rows\naveraged",
    "exact_pairs": "exact pairs",
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors of the construction, mean attention, losses of changed maps and weights of examples."""
    parts = (
        rows(metrics, metric="relative_distance", sharpness=...),
        rows(metrics, metric="attention"),
        rows(metrics, metric="loss", map=list(CHANGES)),
        rows(metrics, metric="relative_example_weight"),
    )
    return pd.concat(parts)


def draw(
    table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName], algorithms: list[LearnerName]
) -> Figure:
    """Four panels; the attention map is that of the first learner, averaged over seeds and prompts."""
    figure, axes = plt.subplots(1, 4, figsize=(PAGE, 2.1), width_ratios=[0.9, 1, 1.2, 1.1])
    errors = rows(table, metric="relative_distance")
    curve(axes[0], errors["sharpness"], errors, looks["induction_head"])
    axes[0].set(xlabel=r"sharpness $\beta$", ylabel="distance to GD", yscale="log")
    _attention(axes[1], figure, rows(table, metric="attention", learner=learners[0]))
    for learner in learners:
        losses = rows(table, metric="loss", learner=learner).set_index("map").loc[list(CHANGES)]
        points(axes[2], range(len(CHANGES)), losses, looks[learner], 4.0)
    axes[2].set_xticks(range(len(CHANGES)), list(CHANGES.values()), rotation=60, fontsize=7)
    axes[2].set(ylabel="test loss", ylim=(0.15, None))
    for learner in [*learners, *algorithms]:
        weights = rows(table, metric="relative_example_weight", learner=learner)
        curve(axes[3], weights["squared_norm"], weights, looks[learner])
    axes[3].set(xlabel=r"$\|x_j\|^2$", ylabel="weight of the example")
    legend_above(figure, axes[3])
    return figure


def _attention(panel: Axes, figure: Figure, table: pd.DataFrame) -> None:
    """The map of the one head: a reading token per row, a token read per column."""
    matrix = table.pivot_table(index="row", columns="column", values="mean")
    image = panel.imshow(matrix, cmap="viridis", vmin=0)
    figure.colorbar(image, ax=panel, shrink=0.7)
    panel.set(xlabel="token read", ylabel="reading token")
