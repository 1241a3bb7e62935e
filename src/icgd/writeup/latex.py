"""Numbers and rows of tables as LaTeX."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from icgd.analysis.claims import FACT, FAILS
from icgd.writeup.text import escape

COMPARISONS = {
    "below": "$<$ {0}",
    "above": "$>$ {0}",
    "between": "{0}--{1}",
    "equals": r"{0}\,$\pm$\,{1}",
}
OVER = {"mean": "mean", "max": "max", "min": "min", "max_abs": r"max$|\cdot|$"}
PERCENT = (
    "relative_excess",
    "loss_relative",
    "bounded_relative",
    "stable_relative",
    "rebuilt_relative",
    "interpolated_relative",
    "diverged_",
    "unstable_",
)
COUNTS = ("parameters", "degree", "lead", "lead_low", "lead_high", "_plateau", "phase_change_step")


def number(value: float, digits: int = 4) -> str:
    """A value for math or text mode: plain near one, otherwise with a power of ten."""
    if not np.isfinite(value):
        return r"\ensuremath{\infty}" if value == np.inf else "undefined"
    if value == 0:
        return "0"
    exponent = int(np.floor(np.log10(abs(value))))
    if -4 < exponent < 5:
        return rf"\ensuremath{{{value:.{max(digits - 1 - exponent, 0)}f}}}"
    return rf"\ensuremath{{{value / 10**exponent:.1f}\times10^{{{exponent}}}}}"


def shown(metric: str, value: float) -> str:
    """A metric's value as the paper prints it: relative losses in percent, counts as whole numbers."""
    if metric.endswith(COUNTS) and np.isfinite(value):
        return rf"\ensuremath{{{value:.0f}}}"
    if not metric.startswith(PERCENT) or not value or not np.isfinite(value):
        return number(value)
    if not 1e-4 <= abs(value) < 10:
        return rf"{number(100 * value, 2)}\,\%"
    return rf"\ensuremath{{{100 * value:.2f}\,\%}}"


def claims_table(claims: pd.DataFrame) -> str:
    """Rows of the claims table, by group; a maximum or minimum is printed without an interval.

    What stands in a group below another claim is set in; facts are below a line. A dagger marks thresholds
    that were fixed after results had been seen.
    """
    lines, group, facts = [], None, False
    for row in claims.to_dict("records"):
        if row["kind"] == FACT and not facts:
            facts = True
            lines.append(r"\midrule\multicolumn{8}{@{}l}{\emph{Facts, checked to rounding}}\\" + "\n")
        inset = "" if facts or row["group"] != group else r"\enspace "
        group = row["group"]
        lines.append(inset + _claim(row))
    return "".join(lines)


def _claim(row: Mapping[Any, Any]) -> str:
    metric = str(row["metric"])
    value = shown(metric, row["value"])
    if row["over"] == "mean":
        value += rf" [{shown(metric, row['interval_low'])}, {shown(metric, row['interval_high'])}]"
    bounds = [_bound(metric, number) for number in str(row["threshold"]).split()]
    bound = COMPARISONS[row["comparison"]].format(*bounds)
    verdict = rf"\textbf{{{row['verdict']}}}" if row["verdict"] == FAILS else row["verdict"]
    late = r"\textsuperscript{\dag}" if row["fixed"] == "after" else ""
    cells = [
        rf"\claimline{{{row['id']}}}" + late,
        escape(row["statement"]),
        escape(row["origin"]),
        OVER[row["over"]],
        value,
        bound,
        verdict,
        "" if row["kind"] == FACT else rf"\ensuremath{{{100 * row['chance']:.2g}\,\%}}",
    ]
    return " & ".join(cells) + r" \\" + "\n"


def _bound(metric: str, number: str) -> str:
    """A threshold as values of its metric are printed, unless that would lose some of it."""
    exact = float(number)
    lost = metric.endswith(COUNTS) and not exact.is_integer()
    return f"{exact:g}" if lost or not exact else shown(metric, exact)


def estimate(rows: pd.DataFrame, one_minus: bool = False) -> str:
    """Mean and half-width of the first of some rows, or of one minus it; a dash where there is none.

    Of two seeds it is half of their difference: a Student interval of two says nothing.
    """
    if rows.empty:
        return "--"
    first = rows.iloc[0]
    mean, count = first["mean"], first["count"]
    half = (first["max"] - first["min"]) / 2 if count == 2 else first["high"] - mean
    spread = rf"\pm{half:.3f}" if count > 1 else ""
    return f"${1 - mean if one_minus else mean:.3f}{spread}$"
