"""Whether another machine's run gives the reference's values, up to what chaotic training does to them.

Untrained values may differ by rounding. Trained ones are paired by seed, as both machines draw the same
data and initial weights. What a pair differs by is d_s = ours − reference: tiny while training only carries
rounding along, as large as the spread between seeds once it has amplified it. Neither is a difference
between the programs: that one is the mean of d_s in a training done with other rounding. So a row of the
table is tested for |E d| ≤ τ (an interval, not a point: two CPUs round consistently, and enough precision
makes any rounding significant), with τ = MARGIN × the spread between the reference's seeds
+ RELATIVE × the reference's mean size + rounding. The standard error is that of the mean of d_s, its
variance enlarged by τ² (identical values have none) and moderated over the rows of the metric.

Which seeds end undefined is chaotic too, so their number is tested. The false-discovery rate of all tests
together is controlled (Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57): rows of one training depend on
each other positively, which keeps the rate (Benjamini & Yekutieli 2001). If nothing but rounding differs,
any row at all is flagged with a chance of about `RATE`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from icgd.analysis.reference_values import aligned, key_columns, missing, name
from icgd.analysis.seed_tests import RATE, ROUNDING, seed_tests

ROUNDING_RELATIVE = 1e-6
RESIDUES = {"max_abs_difference": 1e-11, "switched_max_abs_difference": 1e-11}
"""Metrics that are nothing but rounding, and how large they may be."""


@dataclass(frozen=True)
class Report:
    """What differs: lines for values that cannot be paired or lack rounding's excuse, and the tests.

    `tests` has a row per trained key, and a second one if seeds are undefined in either table (`test` is
    "mean" or "undefined"): key columns, ours, reference, seeds (paired), difference, standard_error,
    degrees_of_freedom, p, q, flagged. p is NaN where less than two seeds can be paired.
    """

    missing: list[str]
    untrained: list[str]
    tests: pd.DataFrame

    @property
    def passed(self) -> bool:
        """Whether the run replicates the reference."""
        return not (self.missing or self.untrained or self.tests["flagged"].any())

    def lines(self) -> list[str]:
        """What differs, then how many values by how much more than chance."""
        flagged = self.tests[self.tests["flagged"]].sort_values("p")
        return [*self.missing, *self.untrained, *map(_says, flagged.to_dict("records")), *self._totals()]

    def _totals(self) -> list[str]:
        p = self.tests["p"].dropna()
        unpaired = self.tests["p"].isna().sum()
        return [
            f"{len(p)} trained values tested: {(p < RATE).sum()} with p < {RATE:g}, where rounding alone "
            f"gives at most {RATE * len(p):.1f} on average",
            f"{self.tests['flagged'].sum()} differ at a false-discovery rate of {RATE:g}: by chance it would "
            f"be at most {RATE * self.tests['flagged'].sum():.1f} of them",
            f"{unpaired} values have less than two seeds that are defined in both tables",
        ]


def replicates(ours: pd.DataFrame, reference: pd.DataFrame) -> Report:
    """The comparison of two tables of `reference_rows`; `ValueError` if the reference has single seeds alone.

    A value of one seed is not tested: the report counts such values.
    """
    seeds = reference.dropna(subset="seed").groupby(key_columns(reference))["seed"].count()
    if len(seeds) and seeds.max() < 2:
        raise ValueError("a comparison of trained values needs two or more seeds of each in the reference")
    both = aligned(ours, reference)
    paired = both[both["_merge"] == "both"].drop(columns="_merge")
    trained = paired["seed"].notna()
    return Report(missing(both), _untrained(paired[~trained]), seed_tests(paired[trained]))


def same_verdicts(ours: pd.DataFrame, reference: pd.DataFrame) -> list[str]:
    """A line for each claim (columns id, verdict) whose verdict is not the reference's."""
    columns = ["id", "verdict"]
    both = ours[columns].merge(reference[columns], on="id", how="outer", suffixes=("", "_reference"))
    both = both.fillna("absent")
    differ = both[both["verdict"] != both["verdict_reference"]]
    return [
        f"claim {row.id}: {row.verdict}, reference {row.verdict_reference}" for row in differ.itertuples()
    ]


def _untrained(paired: pd.DataFrame) -> list[str]:
    absolute = np.array([RESIDUES.get(metric, ROUNDING) for metric in paired["metric"]])
    tables = paired["value"].to_numpy(), paired["value_reference"].to_numpy()
    close = np.isclose(*tables, ROUNDING_RELATIVE, absolute, equal_nan=True)
    return [
        f"{name(row)}: {row['value']!r}, reference {row['value_reference']!r}, more than rounding"
        for row in paired[~close].to_dict("records")
    ]


def _says(row: dict[Any, Any]) -> str:
    key = name({k: v for k, v in row.items() if k != "test"})
    if row["test"] == "undefined":
        shares = f"{row['ours']:.0f} of {row['seeds']} seeds, reference {row['reference']:.0f}"
        return f"{key}: undefined for {shares}"
    sizes = abs(row["difference"]) / row["standard_error"]
    return (
        f"{key}: {row['ours']:.6g}, reference {row['reference']:.6g}: paired by seed they differ by "
        f"{row['difference']:.2g} or {sizes:.1f} standard errors ({row['seeds']} seeds, q = {row['q']:.1g})"
    )
