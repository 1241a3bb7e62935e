"""The numbers that the text asks for, as LaTeX definitions."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from icgd.analysis.claims import FACT, HOLDS, chosen
from icgd.analysis.columns import BASE, LAST
from icgd.analysis.intervals import STATISTICS, seed_intervals
from icgd.spec.selectors import Selector, parsed
from icgd.writeup.latex import shown
from icgd.writeup.text import escape

OURS = ("this paper", "discussion")
"""Origins of claims that nobody has published before."""
NOT_IN_RUN = r"\notinrun"


class SeveralRowsError(Exception):
    """A mean is asked for where the table has more than one."""


def result(table: pd.DataFrame, selector: Selector) -> str:
    """The value of a selector: over seeds, and for max and min over all rows that match."""
    rows = chosen(table, selector.wanted)
    if selector.statistic in ("max", "min"):
        return shown(selector.metric, float(getattr(rows[selector.statistic], selector.statistic)()))
    if len(rows) > 1:
        raise SeveralRowsError(f"{len(rows)} rows match; ask for max or min, or name more columns")
    return shown(selector.metric, float(rows[selector.statistic].iloc[0]))


def every_seed(metrics: pd.DataFrame, selector: Selector) -> str:
    """The values of all rows that a selector matches, from the least to the largest."""
    found = sorted(chosen(metrics, selector.wanted)["value"])
    *first, last = (shown(selector.metric, value) for value in found)
    return f"{', '.join(first)} and {last}" if first else last


Parts = Mapping[tuple[str, str], pd.DataFrame]


def parts(metrics: pd.DataFrame, confidence: float) -> Parts:
    """Intervals over seeds for each experiment and metric, without the columns that these leave empty."""
    groups = seed_intervals(metrics, confidence).groupby(["experiment", "metric"], sort=False)
    return {(str(e), str(m)): rows.drop(columns=_empty(rows)) for (e, m), rows in groups}


def _empty(rows: pd.DataFrame) -> list[str]:
    others = [name for name in rows.columns if name not in BASE and name not in STATISTICS]
    return [name for name in others if rows[name].isna().all()]


def results(metrics: Parts, texts: Iterable[str], absent: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Definitions of keys in the text, from the parts of the table; those about experiments that are not in
    the run say so.
    """
    nothing = pd.DataFrame(columns=[*BASE, *LAST])
    for text in texts:
        selector = parsed(text)
        part = metrics.get((selector.experiment, selector.metric), nothing)
        yield text, NOT_IN_RUN if selector.experiment in absent else result(part, selector)


def claims(verdicts: pd.DataFrame, confidence: float) -> Iterator[tuple[str, str]]:
    """Definitions about the claims: of each sort how many there are and how many hold; how many groups would
    by chance, and how many seeds make one of them safe from it; each one's verdict, value and threshold.
    """
    facts, published = verdicts["kind"] == FACT, ~verdicts["origin"].isin(OURS)
    heads = findings(verdicts)
    late = ~facts & (verdicts["fixed"] == "after")
    sorts = {"groups": heads, "members": ~facts & ~heads, "facts": facts, "late": late, "all": ~facts}
    sorts |= {"published": heads & published, "own": heads & ~published}
    for name, chosen_ones in sorts.items():
        yield f"claims/{name}", str(chosen_ones.sum())
        yield f"claims/{name}_hold", str((chosen_ones & (verdicts["verdict"] == HOLDS)).sum())
    yield "claims/by_chance", f"{verdicts.loc[heads, 'chance'].sum():.1f}"
    yield "claims/rate", rf"\ensuremath{{{100 * (1 - confidence):.0f}\,\%}}"
    yield "claims/seeds_needed", str(math.ceil(math.log2(max(heads.sum(), 1) / (1 - confidence))))
    for row in verdicts.to_dict("records"):
        metric, name = str(row["metric"]), f"claim/{row['id']}"
        yield f"{name}/verdict", str(row["verdict"])
        yield f"{name}/value", shown(metric, row["value"])
        yield f"{name}/threshold", threshold(metric, str(row["threshold"]))


def findings(verdicts: pd.DataFrame) -> "pd.Series[bool]":
    """Which claims stand for a finding: the first of each group, facts apart."""
    return (verdicts["kind"] != FACT) & ~verdicts["group"].duplicated()


def threshold(metric: str, text: str) -> str:
    """A threshold of one number, or the two of an interval."""
    return "--".join(shown(metric, float(number)) if float(number) else "0" for number in text.split())


def flatten(tree: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Definitions of a nested record's scalar leaves, by path, and of the number of entries of what holds
    others.
    """
    for path, value in leaves(tree, prefix):
        yield path, f"{value:,}".replace(",", r"\,") if _big(value) else escape(str(value))


def leaves(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The same with values as they are."""
    items = tree.items() if isinstance(tree, Mapping) else enumerate(tree)
    for key, value in items:
        path = f"{prefix}/{key}"
        if isinstance(value, Mapping | list):
            yield from leaves(value, path)
            yield f"{path}/count", len(value)
        else:
            yield path, value


def _big(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 10_000
