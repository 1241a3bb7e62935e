"""One step rule turned from L2 through L1 to L∞ by its dial."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, curve, numbers
from icgd.plotting.looks import Looks
from icgd.studies.retargeting.display import NAMES

PANELS = {"temperature": r"temperature $\tau$ ($\beta=0$)", "sharpness": r"sharpness $\beta$"}
FLOOR = 1e-5


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The dial's sweep."""
    return rows(metrics, metric="dial_error")


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """Left the temperature falls, right the sharpness grows; relative errors to the three algorithms."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 1.9), sharey=True)
    sharp = rows(table, temperature=table.loc[table["sharpness"] > 0, "temperature"].iloc[0])
    for panel, option, swept in zip(axes, PANELS, (rows(table, sharpness=0.0), sharp), strict=True):
        for objective in NAMES:
            mine = rows(swept, reference=objective)
            shown = mine.assign(**{key: mine[key].clip(lower=FLOOR) for key in ("mean", "low", "high")})
            curve(panel, numbers(mine[option]), shown, looks[objective])
        panel.set(xlabel=PANELS[option], yscale="log")
    axes[0].set(xscale="log", ylabel="error to the algorithm")
    axes[0].invert_xaxis()
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure
