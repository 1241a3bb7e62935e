"""The weights of all layers of stacks: KᵀQ and P·V, each layer with mean one on KᵀQ's diagonal of inputs."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

MATRICES = {"layer_key_query": r"$W_K^\top W_Q$", "layer_projection_value": r"$P\,W_V$"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """All entries; they are those of one seed."""
    return rows(metrics, metric=list(MATRICES))


def draw(table: pd.DataFrame, looks: Looks, *, lines: list[list[LearnerName]]) -> Figure:
    """A pair of rows for each list of learners, a column per layer; every matrix has its own colour scale."""
    depths = {name: int(rows(table, learner=name)["layer"].max()) for line in lines for name in line}
    width = max(sum(depths[name] for name in line) for line in lines)
    figure, axes = plt.subplots(
        2 * len(lines), width, figsize=(PAGE, 2 * len(lines) * (PAGE / width + 0.16)), squeeze=False
    )
    for line, pair in zip(lines, axes.reshape(len(lines), 2, width), strict=True):
        places = [(name, layer) for name in line for layer in range(1, depths[name] + 1)]
        for place, (metric, title) in enumerate(MATRICES.items()):
            panels = pair[place]
            for (name, layer), panel in zip(places, panels, strict=False):
                entries = rows(table, metric=metric, learner=name, layer=layer)
                matrix = entries.pivot_table(index="row", columns="column", values="mean").to_numpy(float)
                _matrix(panel, matrix)
                if place == 0:
                    panel.set_title(looks[name].name if layer == 1 else str(layer), fontsize=7)
            panels[0].set_ylabel(title, fontsize=7)
            for panel in panels[len(places) :]:
                panel.set_axis_off()
    return figure


def _matrix(panel: Axes, matrix: np.ndarray) -> None:
    """A heat map whose last row and column are those of the label."""
    limit = np.abs(matrix).max()
    panel.imshow(matrix, cmap="PuOr_r", vmin=-limit, vmax=limit)
    panel.set_xticks([])
    panel.set_yticks([])
