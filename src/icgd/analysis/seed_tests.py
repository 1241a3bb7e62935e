"""Tests of each trained value of a table, paired by seed, against a reference. See `replication`."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from icgd.analysis.moderation import Floats, Variances, interval_p, moderate, share_p
from icgd.analysis.reference_values import key_columns

MARGIN, RELATIVE, RATE = 0.01, 1e-5, 0.01
"""Differences of no interest: as a share of the spread between seeds, and of the value; the rate of false
discoveries."""
ROUNDING = 1e-8
"""The rounding of a value of order one, after an ill-conditioned solution in float64."""


def seed_tests(paired: pd.DataFrame) -> pd.DataFrame:
    """The tests of all rows: see `Report.tests`.

    `paired` has key columns, seed, value and value_reference.
    """
    keys = key_columns(paired.drop(columns="value_reference"))
    row, column = paired.groupby(keys, sort=False).ngroup().to_numpy(), pd.factorize(paired["seed"])[0]
    shape = (row.max(initial=-1) + 1, column.max(initial=-1) + 1)
    present = np.zeros(shape, bool)
    present[row, column] = True
    x, y = np.full(shape, np.nan), np.full(shape, np.nan)
    for table, values in ((x, paired["value"]), (y, paired["value_reference"])):
        table[row, column] = values.where(np.isfinite(values))
    index = paired[keys].drop_duplicates().reset_index(drop=True)
    tests = pd.concat([_means(index, x, y), _shares(index, x, y, present)], ignore_index=True)
    known = tests["p"].notna()
    tests["q"] = np.nan
    if known.any():
        tests.loc[known, "q"] = stats.false_discovery_control(tests.loc[known, "p"].to_numpy(float))
    return tests.assign(flagged=tests["q"] < RATE)


def _means(index: pd.DataFrame, x: Floats, y: Floats) -> pd.DataFrame:
    """Tests of the mean difference; x and y are [k seeds]."""
    spread, size = _spread(y), _mean(np.abs(y))
    margin = MARGIN * spread + RELATIVE * size + ROUNDING
    difference = x - y
    count = np.isfinite(difference).sum(axis=1)
    freedom = np.maximum(count - 1, 0).astype(float)
    scaled = (_spread(difference) / margin) ** 2
    variance, total = _moderated(index, scaled, freedom)
    error = margin * np.sqrt(variance / np.maximum(count, 1))
    mean = _mean(difference)
    p = interval_p(mean, margin, error, np.where(count > 1, total, 0.0))
    return index.assign(
        test="mean",
        ours=_mean(x),
        reference=_mean(y),
        seeds=count,
        difference=mean,
        standard_error=error,
        degrees_of_freedom=total,
        p=p,
    )


def _moderated(index: pd.DataFrame, variance: Floats, freedom: Floats) -> Variances:
    """Moderated over the rows of each metric.

    The rows of a learner share its training, so the prior has no more degrees of freedom than the
    trainings of other learners.
    """
    training = ["experiment", "learner", "metric"]
    table = index[training].assign(freedom=freedom)
    own = table.groupby(training)["freedom"].transform("max")
    once = own.where(~table.duplicated(training), 0.0)
    others = (once.groupby(table["metric"]).transform("sum") - own).to_numpy(float)
    result = Variances(1 + variance, freedom.copy())
    for rows in table.groupby("metric").indices.values():
        found = moderate(variance[rows], freedom[rows], others[rows])
        result.variance[rows], result.freedom[rows] = found
    return result


def _shares(index: pd.DataFrame, x: Floats, y: Floats, present: NDArray[np.bool_]) -> pd.DataFrame:
    """Tests of the number of undefined seeds, of the rows that have any."""
    total = present.sum(axis=1)
    ours, reference = (total - np.isfinite(table).sum(axis=1) for table in (x, y))
    prior = (reference.sum() + 0.5) / (total.sum() + 1)
    some = (ours > 0) | (reference > 0)
    table = index.assign(test="undefined", ours=ours, reference=reference, seeds=total)[some]
    return table.assign(p=share_p(ours[some], total[some], reference[some], total[some], prior))


def _mean(values: Floats) -> Floats:
    """Over the defined seeds; NaN if there are none."""
    count = np.isfinite(values).sum(axis=1)
    return np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan)


def _spread(values: Floats) -> Floats:
    """Standard deviation over the defined seeds; 0 if they are less than two."""
    count = np.isfinite(values).sum(axis=1)
    squares = np.nansum((values - _mean(values)[:, None]) ** 2, axis=1)
    return np.sqrt(squares / np.maximum(count - 1, 1))
