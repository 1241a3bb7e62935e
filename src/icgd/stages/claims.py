"""Stage: the verdict on each claim, from the metrics and the thresholds of the config."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pandas as pd

from icgd.analysis.intervals import final, seed_intervals
from icgd.stages.arguments import StageError, run_stage
from icgd.results.tables import load_table, save_table

SOURCE_PAPER = "TLIG"


def judge(claim: dict[str, Any], metrics: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """One row of the claims table.

    The value is the mean, max, min or max_abs (largest size) over all seeds and matching conditions;
    it must lie on the right side of the threshold, for a mean the far end of its interval too. A claim
    about a value that is no number does not hold.
    """
    fields = ["experiment", "learner", "metric"]
    same = (metrics[fields] == [claim[field] for field in fields]).all(axis=1)
    matches = metrics["condition"].map(lambda condition: fnmatchcase(condition, claim["condition"]))
    rows = final(metrics[same & matches])
    if rows.empty:
        wanted = "/".join(claim[k] for k in ("experiment", "learner", "condition", "metric"))
        raise StageError(f"claim {claim['id']}: the metrics have no {wanted}; check its names")
    table = seed_intervals(rows.assign(condition=claim["condition"], step=0), confidence)
    row = table.iloc[0]
    worst = "high" if claim["relation"] == "below" else "low"
    tested = row[worst] if claim["over"] == "mean" else row[claim["over"]]
    below = claim["relation"] == "below"
    known = not rows["value"].isna().any()
    holds = known and bool(tested < claim["threshold"] if below else tested > claim["threshold"])
    success = "replicated" if claim["source"].startswith(SOURCE_PAPER) else "extended"
    return {
        **{key: claim[key] for key in ("id", "statement", "source", "metric", "over", "relation")},
        "value": row[claim["over"]],
        "interval_low": row["low"],
        "interval_high": row["high"],
        "threshold": claim["threshold"],
        "verdict": success if holds else "not replicated",
    }


def main(spec: dict[str, Any], metrics: Path, output: Path) -> None:
    """Write one row per claim; the interval is that of the mean over seeds and conditions."""
    table = load_table(metrics)
    rows = [judge(claim, table, spec["confidence"]) for claim in spec["claims"]]
    save_table(output, pd.DataFrame(rows))


if __name__ == "__main__":
    run_stage(main, metrics="merged table", output="claims table")
