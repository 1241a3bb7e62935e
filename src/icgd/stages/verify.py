"""Stage: compare a run's metrics with the reference table, each within its tolerance."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icgd.results.store import write_text
from icgd.analysis.intervals import GROUP, final, seed_intervals
from icgd.stages.arguments import StageError, run_stage
from icgd.results.tables import load_table, save_table

LOSSES = ["bounded_loss", "loss", "second_loss"]
METRICS = [*LOSSES[::2], "prediction_l2", "sensitivity_cosine", "max_abs_difference", "prefix_matching"]
ANSWERS = ["error_l1_to_l1", "error_linf_to_linf", "error_to_asked", "score_to_l1", "score_to_linf"]
RELATIVE, ABSOLUTE, ROUNDING, EXACT = 0.02, 5e-3, 1e-6, 1e-11


def summary(metrics: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds of the compared metrics, with the tolerance that a reference gives them.

    Unbounded losses are compared only in closed form: where a learner diverges they have no scale.

    The tolerance covers another machine's rounding and its effect on training: 2 % of the value, at
    least 0.005, or for losses 1e-6 (exact solvers leave rounding alone), or three half-widths of the 95 %
    interval over seeds if that is more.
    """
    exact = (metrics["learner"] == "closed_form") & (metrics["metric"] == "loss")
    rows = final(metrics[metrics["metric"].isin([*METRICS, *ANSWERS]) | exact])
    table = seed_intervals(rows.dropna(subset="value"), 0.95)
    least = np.where(table["metric"].isin(LOSSES), ROUNDING, ABSOLUTE)
    tolerance = np.maximum(RELATIVE * table["mean"].abs(), least)
    tolerance = np.maximum(tolerance, 3 * (table["high"] - table["mean"]))
    tolerance = np.where(table["metric"] == "max_abs_difference", EXACT, tolerance)
    return table.assign(tolerance=tolerance)[[*GROUP, "mean", "tolerance"]]


def report(ours: pd.DataFrame, reference: pd.DataFrame) -> tuple[list[str], int]:
    """A line for each metric outside its tolerance, then totals per metric; and how many fail."""
    table = reference.merge(ours, on=GROUP, how="outer", suffixes=("_reference", ""), indicator=True)
    missing = table["_merge"] != "both"
    off = (table["mean"] - table["mean_reference"]).abs() > table["tolerance_reference"]
    lines = [f"FAIL {_difference(row)}" for row in table[missing | off].to_dict("records")]
    for metric, group in table.assign(bad=missing | off).groupby("metric"):
        lines.append(f"{metric}: {(~group['bad']).sum()} of {len(group)} values within tolerance")
    return lines, int((missing | off).sum())


def _verified(table: pd.DataFrame, unverified: list[str]) -> pd.DataFrame:
    return table[~(table["experiment"] + "/" + table["learner"]).isin(unverified)]


def _difference(row: dict[Any, Any]) -> str:
    name = "/".join(row[key] for key in GROUP)
    if row["_merge"] == "left_only":
        return f"{name}: missing from the run"
    if row["_merge"] == "right_only":
        return f"{name}: not in the reference"
    expected = f"{row['mean_reference']:.6g} ± {row['tolerance_reference']:.2g}"
    return f"{name}: {row['mean']:.6g}, expected {expected}"


def main(spec: dict[str, Any], metrics: Path, reference: Path, output: Path) -> None:
    """Print the comparison; fail if any value is outside its tolerance, the unverified learners aside."""
    ours, expected = summary(load_table(metrics)), pd.read_csv(reference)
    lines, failures = report(*(_verified(table, spec["unverified"]) for table in (ours, expected)))
    print("\n".join(lines))
    if failures:
        raise StageError(
            f"{failures} values differ from {reference}. If the change is meant, rewrite the table "
            f"with: python -m icgd.stages.verify {metrics} {reference}"
        )
    write_text(output, "\n".join(lines) + "\n")


if __name__ == "__main__":
    if sys.argv[1].startswith("--"):
        run_stage(main, metrics="merged table", reference="table", output="report")
    else:
        save_table(Path(sys.argv[2]), summary(load_table(Path(sys.argv[1]))))
