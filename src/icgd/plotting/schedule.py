"""When jobs ran, and on how many cores at once (a Gantt chart)."""

import heapq
from collections.abc import Iterable

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plotting.axes import PAGE

PAUSE = 60.0
"""Seconds without any job after which a run counts as stopped and resumed."""
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#888888", "#000000",
    "#882255", "#999933", "#44AA99", "#332288", "#DDCC77",
)  # fmt: skip


def lanes(began: Iterable[float], ended: Iterable[float]) -> list[int]:
    """For each job, in the order of their beginnings, the first lane that is free."""
    busy: list[tuple[float, int]] = []
    free: list[int] = []
    found = []
    for start, end in zip(began, ended, strict=True):
        while busy and busy[0][0] <= start:
            heapq.heappush(free, heapq.heappop(busy)[1])
        lane = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (end, lane))
        found.append(lane)
    return found


def in_one_go(table: pd.DataFrame) -> pd.DataFrame:
    """The jobs, in the order of their beginnings, with times from 0 and without pauses between runs."""
    last = table["ended"].cummax().shift(fill_value=table["began"].iloc[0])
    gap = (table["began"] - last).clip(lower=0)
    shift = gap.where(gap > PAUSE, 0).cumsum() + table["began"].iloc[0]
    return table.assign(began=table["began"] - shift, ended=table["ended"] - shift)


def busy_share(table: pd.DataFrame) -> float:
    """The share of all lanes' time, from the first job's beginning to the last one's end, with a job."""
    span = (table["ended"].max() - table["began"].min()) * (table["lane"].max() + 1)
    return float((table["ended"] - table["began"]).sum() / span)


def draw(table: pd.DataFrame) -> Figure:
    """A bar per job; colours say its rule. Columns: rule, began, ended (s), lane."""
    count = table["lane"].max() + 1
    figure, axes = plt.subplots(figsize=(PAGE, 1.3 + 0.3 * count))
    totals = table.groupby("rule")["cpu"].sum().sort_values(ascending=False)
    for rule, colour in zip(totals.index, (COLOURS * len(totals))[: len(totals)], strict=True):
        jobs = table[table["rule"] == rule]
        axes.barh(
            jobs["lane"] + 1,
            (jobs["ended"] - jobs["began"]) / 60,
            left=jobs["began"] / 60,
            color=colour,
            edgecolor="white",
            linewidth=0.2,
            label=f"{rule} ({totals[rule]:.0f} s)",
        )
    axes.set(xlabel="time (min)", ylabel="core", yticks=range(1, count + 1))
    axes.set_title(f"{len(table)} jobs; cores busy {busy_share(table):.1%} of the time")
    axes.legend(ncols=6, loc="upper center", bbox_to_anchor=(0.5, -0.35))
    return figure
