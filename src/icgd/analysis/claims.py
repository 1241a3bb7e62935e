"""Verdicts on claims, from the tidy table and the thresholds of the config."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from icgd.analysis.columns import BASE, LAST
from icgd.analysis.intervals import STATISTICS, final, seed_intervals
from icgd.analysis.tidy import rows

HOLDS, FAILS = "holds", "fails"
FACT = "fact"
ANY = "*"
"""In a claim's or a number's `where`: any value, but not none."""


class NoRowsError(Exception):
    """The table has no rows of what is asked for."""


def chosen(metrics: pd.DataFrame, wanted: Mapping[str, Any]) -> pd.DataFrame:
    """Final rows of an experiment, learner and metric whose other columns are as in `where`, or else empty.

    An option without a setting stands for all its settings.
    """
    where = dict(wanted.get("where", {}))
    if where.get("option") is not None:
        where.setdefault("setting", ANY)
    others = {*BASE, *LAST, *STATISTICS} - {"option", "setting"}
    free = [name for name in metrics.columns if name not in others]
    columns = dict.fromkeys(free) | {name: ... if value == ANY else value for name, value in where.items()}
    if columns.get("setting", ...) not in (None, ...):
        columns["setting"] = str(columns["setting"])
    names = {name: wanted[name] for name in ("experiment", "learner", "metric")}
    found = final(rows(rows(metrics, **names), **columns))
    if found.empty:
        raise NoRowsError(f"no rows of {'/'.join(names.values())} where {where or 'nothing differs'}")
    return found


def judged(name: str, claim: Mapping[str, Any], metrics: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """One row of the claims table.

    The value is the mean, max, min or max_abs (largest size) over all seeds and matching rows; it must
    compare as the claim says, for a mean its whole interval too. A claim about a value that is no number
    fails. Its `chance` is that of holding if the mean is at the threshold, or a seed as likely beyond it as
    not: rows of one seed depend on each other, so that all of them count as one.
    """
    found = chosen(metrics, claim)
    pooled = found[["experiment", "learner", "metric", "value"]].assign(seed=range(len(found)), step=0)
    row = seed_intervals(pooled, confidence).iloc[0]
    over = claim["over"]
    low, high = (row["low"], row["high"]) if over == "mean" else (row[over], row[over])
    comparison = next(word for word in ("below", "above", "between", "equals") if claim.get(word) is not None)
    threshold = claim[comparison]
    known = not found["value"].isna().any()
    seeds = max(found["seed"].nunique(), 1)
    kept = {key: claim[key] for key in ("statement", "origin", "fixed", "kind", "metric", "over")}
    return {
        "id": name,
        "group": claim.get("group") or name,
        **kept,
        "comparison": comparison,
        "value": row[over],
        "interval_low": row["low"],
        "interval_high": row["high"],
        "threshold": " ".join(map(repr, threshold)) if isinstance(threshold, list) else repr(threshold),
        "verdict": HOLDS if known and _compares(comparison, threshold, low, high) else FAILS,
        "seeds": seeds,
        "chance": (1 - confidence) / 2 if over == "mean" else 0.5**seeds,
    }


def grouped(claims: pd.DataFrame) -> pd.DataFrame:
    """Rows of the claims table, findings first, each group led by the claim that stands for it.

    Groups are in the order of these claims. Where a run has left one out, its group's first stands there.
    """
    place = {name: order for order, name in reversed(list(enumerate(claims["group"])))}
    place |= {name: order for order, name in enumerate(claims["id"])}
    keys = {
        "fact": claims["kind"] == FACT,
        "place": claims["group"].map(place),
        "follows": claims["id"] != claims["group"],
    }
    order = pd.DataFrame(keys).reset_index(drop=True).sort_values(list(keys)).index
    return claims.iloc[order].reset_index(drop=True)


def _compares(comparison: str, threshold: Any, low: float, high: float) -> bool:
    if comparison == "below":
        return bool(high < threshold)
    if comparison == "above":
        return bool(low > threshold)
    ends = (
        threshold if comparison == "between" else (threshold[0] - threshold[1], threshold[0] + threshold[1])
    )
    return bool(ends[0] <= low and high <= ends[1])
