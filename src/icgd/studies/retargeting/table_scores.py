"""Rows of the table of every knob: its size, and its score for L1 and L∞ beside that on a random network."""

import pandas as pd

from icgd.analysis.intervals import final, seed_intervals
from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks
from icgd.studies.retargeting.display import RANDOM, TARGETS, in_order, placed
from icgd.writeup.latex import estimate


def latex(metrics: pd.DataFrame, looks: Looks, confidence: float) -> str:
    """Above knobs that no training turns, by prompt or by dial; below changes of parts of a network."""
    found = final(rows(metrics, metric=["score", "parameters", "trained_parameters"]))
    table = seed_intervals(found, confidence)
    changes = placed(table, "score")
    lines = [*_knobs(table, set(changes["learner"]), looks), r"\midrule"]
    for change in in_order(changes["change"], looks):
        mine = rows(changes, change=change)
        cells = [looks[change].name, f"{mine['size'].iloc[0]:.0f}"]
        for target in TARGETS:
            scores = rows(mine, objective=target)
            control = rows(scores, start=RANDOM)
            cells += [estimate(scores.drop(control.index)), "" if control.empty else estimate(control)]
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join(lines) + "\n"


def _knobs(table: pd.DataFrame, changed: set[str], looks: Looks) -> list[str]:
    """Learners with a score that no change made."""
    lines = []
    for name in in_order(set(rows(table, metric="score")["learner"]) - changed, looks):
        mine = rows(table, learner=name)
        size = rows(mine, metric="parameters")["mean"].iloc[0]
        cells = [looks[name].label, f"{size:.0f}" if size else "prompt"]
        for target in TARGETS:
            cells += [estimate(rows(mine, metric="score", objective=target)), ""]
        lines.append(" & ".join(cells) + r" \\")
    return lines
