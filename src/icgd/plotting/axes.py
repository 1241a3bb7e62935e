"""Sizes of figures, and how a learner's rows are drawn: as points or as a curve, with intervals."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator

from icgd.plotting.looks import Look

COLUMN, PAGE = 3.3, 7.0
"""Widths in inches of one column and of the page."""
STYLE = Path(__file__).with_name("icgd.mplstyle")
"""One look for all figures, with fonts that match the paper."""


def numbers(column: pd.Series) -> pd.Series:
    """A column of settings, or of numbers, as floats."""
    return pd.to_numeric(column).astype(float)


def spread(rows: pd.DataFrame) -> list[pd.Series]:
    """Lengths of the error bars below and above the mean."""
    return [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]


def points(axes: Axes, x: Any, rows: pd.DataFrame, look: Look, size: float) -> None:
    """Hollow markers with intervals, so that learners that agree stay visible."""
    axes.errorbar(
        x, rows["mean"], spread(rows), fmt=look.marker, color=look.colour, markersize=size, fillstyle="none",
        label=look.label,
    )  # fmt: skip


def curve(axes: Axes, x: pd.Series, rows: pd.DataFrame, look: Look, **options: Any) -> None:
    """Mean over seeds with its interval as a band, in the learner's look but for `options` of the line."""
    order = x.to_numpy(float).argsort()
    x, rows = x.iloc[order].astype(float), rows.iloc[order]
    line: Mapping[str, Any] = {"marker": look.marker, "color": look.colour, "label": look.label} | options
    axes.plot(x, rows["mean"], **line)
    axes.fill_between(x, rows["low"], rows["high"], color=line["color"], alpha=0.25, linewidth=0)


def each_run(axes: Axes, runs: pd.DataFrame, look: Look, linestyle: str = "-") -> None:
    """A thin line over training for every seed, which the column `run` tells apart."""
    line: Mapping[str, Any] = {"color": look.colour, "linewidth": 0.7, "linestyle": linestyle}
    for place, (_, run) in enumerate(runs.groupby("run")):
        run = run.sort_values("step")
        label = None if place else look.label
        axes.plot(run["step"].astype(float), run["mean"], label=label, **line)


def few_decades(axes: Axes) -> None:
    """Plain numbers at 1, 2 and 5 of each decade of a logarithmic y-axis that spans few."""
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.minorticks_off()


def legend_above(figure: Figure, *panels: Axes) -> None:
    """One legend above some panels, each label once."""
    found = {
        label: handle
        for panel in panels
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    figure.legend(found.values(), found.keys(), loc="outside upper center", ncols=len(found))
