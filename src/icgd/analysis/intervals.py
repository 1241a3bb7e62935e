"""Means and confidence intervals over seeds."""

import numpy as np
import pandas as pd
from scipy import special

from icgd.analysis.tidy import keys

STATISTICS = ("mean", "low", "high", "min", "max", "max_abs", "count")


def seed_intervals(metrics: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Mean, Student-t interval [low, high], min, max, max_abs and count of each metric at each step.

    With one value (or an untrained learner) the interval is the value itself.
    """
    groups = metrics.groupby([*keys(metrics), "step"], dropna=False, sort=True)["value"]
    table = groups.agg(["mean", "std", "count", "min", "max"]).reset_index()
    count = table["count"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        quantile = special.stdtrit(np.maximum(count - 1, 1), (1 + confidence) / 2)
    half = np.where(count > 1, quantile * table["std"].fillna(0) / np.sqrt(np.maximum(count, 1)), 0.0)
    largest = np.maximum(table["max"], -table["min"])
    table = table.assign(low=table["mean"] - half, high=table["mean"] + half, max_abs=largest)
    return table.drop(columns="std")


def final(metrics: pd.DataFrame) -> pd.DataFrame:
    """Rows of the last training step of each learner, and all rows of the untrained ones."""
    law = [name for name in ("experiment", "learner", "option", "setting") if name in metrics]
    last = metrics.groupby(law, dropna=False)["step"].transform("max")
    return metrics[metrics["step"].isna() | (metrics["step"] == last)]
