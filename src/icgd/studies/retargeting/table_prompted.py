"""Rows of the table of models that are told their objective."""

import pandas as pd

from icgd.analysis.intervals import final, seed_intervals
from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks
from icgd.studies.retargeting.display import NAMES, in_order
from icgd.writeup.latex import estimate

FITS = {"l1": "lad", "l2": "least_squares", "linf": "chebyshev"}
FITTED = ("prompted_exact", "prompted_natural")
"""Models that are beside exact fits; the others are beside descent."""


def latex(metrics: pd.DataFrame, looks: Looks, confidence: float) -> str:
    """A model per row; for each objective R² to what was asked for, then the largest to another's."""
    errors = final(rows(metrics, metric="error", option=None))
    table = seed_intervals(errors[errors["seed"].notna()], confidence)
    return "".join(
        " & ".join([looks[name].label, *_cells(rows(table, learner=name), name)]) + " \\\\\n"
        for name in in_order(table["learner"], looks)
    )


def _cells(mine: pd.DataFrame, name: str) -> list[str]:
    algorithms = FITS if name in FITTED else {objective: objective for objective in NAMES}
    cells = []
    for asked, own in algorithms.items():
        found = rows(mine, objective=asked, reference=list(algorithms.values()))
        others = found[found["reference"] != own]
        cells += [estimate(rows(found, reference=own), one_minus=True), f"{1 - others['mean'].min():.3f}"]
    return cells
