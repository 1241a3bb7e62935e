"""One step rule turned from L2 through L1 to L∞ by its dial: what it attains of each."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import COLUMN, curve, legend_above, numbers
from icgd.plotting.looks import Looks
from icgd.studies.retargeting.display import NAMES

PANELS = {"temperature": r"temperature $\tau$ ($\beta=0$)", "sharpness": r"sharpness $\beta$"}
FLOOR = -1.0
"""Less than this is drawn there."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The dial's sweep."""
    return rows(metrics, metric="dial_attainment")


def draw(table: pd.DataFrame, looks: Looks) -> Figure:
    """Left the temperature falls, right the sharpness grows; attainment of the three objectives."""
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN, 1.9), sharey=True)
    blunt = rows(table, sharpness=0.0)
    lowest = rows(blunt, temperature=float(blunt["temperature"].min()))
    sharp = pd.concat([lowest, table[table["sharpness"] > 0]])
    for panel, option, swept in zip(axes, PANELS, (blunt, sharp), strict=True):
        for objective in NAMES:
            mine = rows(swept, attained=objective)
            shown = mine.assign(**{key: mine[key].clip(lower=FLOOR) for key in ("mean", "low", "high")})
            curve(panel, numbers(mine[option]), shown, looks[objective], label=NAMES[objective])
        panel.set(xlabel=PANELS[option])
    axes[0].set(xscale="log", ylabel="attainment")
    axes[0].invert_xaxis()
    legend_above(figure, axes[0])
    return figure
