"""What figures and tables of this study share: objectives' names, and changes with sizes. No JAX here."""

from collections.abc import Iterable

import pandas as pd

from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks

NAMES = {"l1": "$L_1$", "l2": "$L_2$", "linf": r"$L_\infty$"}
"""The objectives; descent on each is a learner of the same name."""
TARGETS = {"l1": "to $L_1$", "linf": r"to $L_\infty$"}
"""The objectives that networks are changed to."""
RANDOM, NOTHING = "random", "nothing"
"""What changes start from, if not from the home: a random network, or nothing at all (whole networks)."""


def in_order(names: Iterable[str], looks: Looks) -> list[str]:
    """Different names in the order of their looks; `KeyError` names one that has none."""
    order = {name: place for place, name in enumerate(looks)}
    return sorted(set(names), key=lambda name: order[name] if looks[name] else 0)


def placed(table: pd.DataFrame, metric: str, **columns: str) -> pd.DataFrame:
    """Rows of a metric of changes, with change, start and size, the number of parameters trained."""
    sizes = rows(table, metric="trained_parameters")
    sizes = sizes[["learner", "change", "start"]].assign(size=sizes["mean"])
    found = rows(table, metric=metric, **columns)
    return found.drop(columns=["change", "start"], errors="ignore").merge(sizes, on="learner")
