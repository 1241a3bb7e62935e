"""One look for all figures: sizes, fonts that match the paper, a name and colour per learner."""

import pandas as pd
from matplotlib.axes import Axes

COLUMN, PAGE = 3.3, 7.0
"""Widths in inches of one column and of the page."""

STYLE = {
    "font.family": "serif",
    "font.serif": ["cmr10"],
    "mathtext.fontset": "cm",
    "axes.formatter.use_mathtext": True,
    "axes.unicode_minus": False,
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "figure.constrained_layout.use": True,
}

# Okabe and Ito's colours, safe for the colour-blind; markers repeat the distinction in grey.
LOOKS = {
    "transformer": ("trained layer", "#0072B2", "o"),
    "interpolation": ("interpolated", "#009E73", "^"),
    "construction": ("constructed", "#56B4E9", "v"),
    "gd": ("gradient step", "#D55E00", "s"),
    "gd_mean": ("step on the mean", "#E69F00", "D"),
    "closed_form": ("closed form", "#000000", ""),
    "jacobi": ("Jacobi step", "#CC79A7", "P"),
    "ols": ("least squares", "#888888", "X"),
    "ridge": ("Bayes ridge", "#BBBBBB", "d"),
    "trivial": ("zero", "#444444", "."),
}


def label(learner: str) -> str:
    """How the paper calls a learner."""
    return LOOKS[learner][0]


def numbers(conditions: pd.Series) -> pd.Series:
    """The values of conditions such as size=20."""
    return conditions.str.split("=").str[1].astype(float)


def points(axes: Axes, x: pd.Series, rows: pd.DataFrame, learner: str, size: float) -> None:
    """Hollow markers with intervals, so that learners that agree stay visible."""
    name, colour, shape = LOOKS[learner]
    error = [rows["mean"] - rows["low"], rows["high"] - rows["mean"]]
    axes.errorbar(
        x, rows["mean"], error, fmt=shape, color=colour, markersize=size, fillstyle="none", label=name
    )


def curve(axes: Axes, x: pd.Series, rows: pd.DataFrame, learner: str, marker: bool = True) -> None:
    """Mean over seeds with its interval as a band, in the learner's look."""
    name, colour, shape = LOOKS[learner]
    line = "--" if learner == "closed_form" else "-"
    order = x.argsort()
    x, rows = x.iloc[order], rows.iloc[order]
    axes.plot(x, rows["mean"], line, marker=shape if marker else "", color=colour, label=name)
    axes.fill_between(x, rows["low"], rows["high"], color=colour, alpha=0.25, linewidth=0)
