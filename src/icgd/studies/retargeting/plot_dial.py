"""One step rule turned from L2 through L1 to L∞ by its dial."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.objectives.dial import OBJECTIVES
from icgd.plotting.style import COLUMN, curve, numbers

PANELS = {"temperature": r"temperature $\tau$ ($\beta=0$)", "sharpness": r"sharpness $\beta$"}
FLOOR = 1e-5


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The dial's sweep."""
    return metrics[metrics["condition"].str.startswith(tuple(PANELS))]


def draw(table: pd.DataFrame) -> Figure:
    """Left the temperature falls, right the sharpness grows; relative errors to the three algorithms."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 1.9), sharey=True)
    for panel, (option, title) in zip(axes, PANELS.items(), strict=True):
        swept = table[table["condition"].str.startswith(option)]
        for objective in OBJECTIVES:
            rows = swept[swept["metric"] == f"error_to_{objective}"]
            shown = rows.assign(**{key: rows[key].clip(lower=FLOOR) for key in ("mean", "low", "high")})
            curve(panel, numbers(rows["condition"]), shown, objective)
        panel.set(xlabel=title, yscale="log")
    axes[0].set(xscale="log", ylabel="error to the algorithm")
    axes[0].invert_xaxis()
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure
