"""A page of how cost grows, a panel for each thing that does."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.axes import PAGE

COLOURS = {"linear attention": "#0072B2", "softmax attention": "#D55E00", "Snakemake": "#009E73"}


def exponent(sizes: pd.Series, costs: pd.Series) -> float:
    """The slope of log cost against log size, by least squares: 1 for what is proportional."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def draw(table: pd.DataFrame) -> Figure:
    """Columns: grows, series, size, unit, cost. The legend gives the exponent of the upper half of sizes."""
    panels = list(table.groupby("grows", sort=False))
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE, 2.0), squeeze=False)
    for place, (grows, part) in zip(axes[0], panels, strict=True):
        for series, points in part.groupby("series", sort=False):
            upper = points.tail((len(points) + 1) // 2)
            label = f"{series}: {exponent(upper['size'], upper['cost']):.1f}"
            place.loglog(
                points["size"], points["cost"], "o-", markersize=3, color=COLOURS[str(series)], label=label
            )
        place.set(xlabel=grows, ylabel=part["unit"].iloc[0])
        place.legend()
    return figure
