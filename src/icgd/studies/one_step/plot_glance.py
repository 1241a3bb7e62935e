"""The idea at a glance: a prompt as tokens, what one layer makes of it, and the step that this is."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from icgd.analysis.intervals import final
from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

METRICS = ("x", "y", "prediction", "contribution")
MAP, INK = "PuOr_r", "#222222"
Names = tuple[LearnerName, LearnerName, LearnerName]
"""The layer, the step, and the best fit of the examples."""


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The drawn prompt and what learners make of it at the end of training."""
    return rows(final(metrics), metric=list(METRICS), option=None)


def draw(
    table: pd.DataFrame, looks: Looks, *, layer: LearnerName, step: LearnerName, best: LearnerName
) -> Figure:
    """Tokens above what each adds; the line before and after; the loss that the step goes down."""
    figure = plt.figure(figsize=(PAGE, 2.3))
    grid = figure.add_gridspec(2, 3, width_ratios=(1.35, 1, 1), height_ratios=(0.8, 1))
    top = figure.add_subplot(grid[0, 0])
    below = figure.add_subplot(grid[1, 0])
    x, y = (rows(table, metric=name).sort_values("example")["mean"].to_numpy() for name in ("x", "y"))
    query = float(rows(table, metric="contribution")["query"].iloc[0])
    _tokens(top, x, y, query)
    _contributions(below, table, looks, layer, step)
    _lines(figure.add_subplot(grid[:, 1]), table, looks, x, y, (layer, step, best))
    _loss(figure.add_subplot(grid[:, 2]), table, looks, x, y, (layer, step, best))
    return figure


def _tokens(axes: Axes, x: np.ndarray, y: np.ndarray, query: float) -> None:
    """A column for each token; the label of the query is what is asked for."""
    cells = np.ma.masked_invalid([[*x, query], [*y, np.nan]])
    axes.pcolormesh(cells, cmap=MAP, norm=Normalize(-0.7, 0.7), edgecolor="white", linewidth=1.5)
    axes.text(len(x) + 0.5, 1.5, "?", ha="center", va="center")
    axes.add_patch(Rectangle((len(x), 0), 1, 2, fill=False, color=INK, linewidth=1.0, clip_on=False))
    axes.invert_yaxis()
    axes.set_yticks([0.5, 1.5], ["$x$", "$y$"])
    axes.set_xticks([len(x) / 2, len(x) + 0.5], [f"{len(x)} examples", "query"])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title("a prompt, as tokens", loc="left")


def _contributions(axes: Axes, table: pd.DataFrame, looks: Looks, layer: str, step: str) -> None:
    """Bars of the layer, points of the step; what is in the last column is their sum."""
    shown = rows(table, metric="contribution").sort_values("example")
    ours, theirs = (rows(shown, learner=name) for name in (layer, step))
    places = ours["example"].to_numpy(float) + 0.5
    last = len(places) + 0.5
    axes.bar(places, ours["mean"], width=0.7, color=looks[layer].colour)
    axes.bar(last, ours["mean"].sum(), width=0.7, color=looks[layer].colour, edgecolor=INK)
    axes.plot(places, theirs["mean"], looks[step].marker, color=looks[step].colour, fillstyle="none")
    axes.plot(last, theirs["mean"].sum(), looks[step].marker, color=looks[step].colour, fillstyle="none")
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.set_xlim(0, len(places) + 1)
    axes.set_xticks([last], [r"$\hat y$"])
    axes.set_title(r"one attention layer adds up $\eta\,y_j\,x_j^\top x_q/N$", loc="left")


def _lines(axes: Axes, table: pd.DataFrame, looks: Looks, x: np.ndarray, y: np.ndarray, names: Names) -> None:
    """The examples, and the line of each learner; before the layer the line is zero."""
    ends = np.array([x.min(), x.max()]) * 1.1
    axes.plot(x, y, "o", color=INK, markersize=3)
    axes.plot(ends, 0 * ends, color=INK, linewidth=1.0, linestyle=":")
    _named(axes, "before", (ends[1], 0.0), INK)
    for name, style, lift in zip(names, ("-", (0, (2, 2)), "-"), (5.0, -5.0, 0.0), strict=True):
        look, slope = looks[name], _slope(table, x, y, name)
        axes.plot(ends, slope * ends, color=look.colour, linestyle=style)
        _named(axes, look.label, (ends[1], slope * ends[1]), look.colour, lift)
    axes.set(xlabel="$x$", ylabel="$y$", xlim=(1.1 * ends[0], 2.1 * ends[1]))
    axes.set_title("the line before and after", loc="left")
    axes.set_xticks([-0.5, 0, 0.5])


def _loss(axes: Axes, table: pd.DataFrame, looks: Looks, x: np.ndarray, y: np.ndarray, names: Names) -> None:
    """The prompt's loss by the slope of the line, and where each learner is on it."""

    def loss(slope: float) -> tuple[float, float]:
        return slope, float(np.mean((slope * x - y) ** 2) / 2)

    slopes = {name: _slope(table, x, y, name) for name in names}
    best = slopes[names[2]]
    axes.plot(
        *zip(*map(loss, np.linspace(-0.1 * best, 1.7 * best, 60)), strict=True), color=INK, linewidth=0.8
    )
    axes.plot(*loss(0.0), "o", color=INK, markersize=3)
    _named(axes, "before", loss(0.0), INK)
    arrow = {"arrowstyle": "->", "color": looks[names[0]].colour, "shrinkB": 4}
    axes.annotate("", loss(slopes[names[0]]), loss(0.0), arrowprops=arrow)
    for name, size, lift in zip(names, (6, 3.5, 5), (8.0, -1.0, -8.0), strict=True):
        look = looks[name]
        axes.plot(*loss(slopes[name]), look.marker, color=look.colour, fillstyle="none", markersize=size)
        _named(axes, look.label, loss(slopes[name]), look.colour, lift)
    axes.margins(y=0.2)
    axes.set(xlabel="slope of the line", ylabel="loss of the prompt", yticks=[])
    axes.set_title("one step down", loc="left")


def _slope(table: pd.DataFrame, x: np.ndarray, y: np.ndarray, name: str) -> float:
    """The slope of a learner's line; of one that is not measured, that of least squares."""
    mine = rows(table, metric="prediction", learner=name)
    if mine.empty:
        return float(x @ y / (x @ x))
    last = mine.sort_values("query").iloc[-1]
    return float(last["mean"] / last["query"])


def _named(axes: Axes, text: str, at: tuple[float, float], colour: str, lift: float = 0.0) -> None:
    """A direct label, to the right of a point."""
    axes.annotate(
        text, at, (6, lift), textcoords="offset points",
        va="center", color=colour, fontsize=7, annotation_clip=False,
    )  # fmt: skip
