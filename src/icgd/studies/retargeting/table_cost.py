"""Rows of the table of changes: numbers trained, steps, late fall, and share of the gain, beside controls."""

import pandas as pd

from icgd.analysis.intervals import final, seed_intervals
from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks
from icgd.studies.retargeting.display import NAMES, TARGETS
from icgd.writeup.latex import estimate

CONTROLS = ("random", "subspace")
METRICS = ["share_of_whole", "trained_parameters", "steps_to_most", "late_gain", "change_score"]


def latex(metrics: pd.DataFrame, looks: Looks, confidence: float) -> str:
    """Per change of the base a row for each objective: steps, late fall, share, score, and both controls."""
    table = seed_intervals(final(rows(metrics, metric=METRICS)), confidence)
    changes = set(rows(table, start="base")["change"])
    lines = []
    for change in [name for name in looks if name in changes]:
        mine = rows(table, change=change)
        size = rows(mine, metric="trained_parameters", start="base")["mean"].iloc[0]
        heads = [f"{looks[change].name} & {size:.0f}", "&"]
        for head, target in zip(heads, TARGETS, strict=True):
            cells = [head, NAMES[target], *_cells(rows(mine, objective=target))]
            lines.append(" & ".join(cells) + r" \\")
    return "\n".join(lines) + "\n"


def _cells(mine: pd.DataFrame) -> list[str]:
    """Steps, late fall in per cent, share and score of the change; shares of the controls, if any."""
    own = rows(mine, start="base")
    steps, late = (rows(own, metric=name)["mean"].iloc[0] for name in ("steps_to_most", "late_gain"))
    cells = [
        f"{steps:.0f}",
        f"{100 * late:.1f}",
        *(estimate(rows(own, metric=name)) for name in ("share_of_whole", "change_score")),
    ]
    for control in CONTROLS:
        found = rows(mine, metric="share_of_whole", start=control)
        cells.append("" if found.empty else estimate(found))
    return cells
