"""Stage: hold a run against the reference run: statistically, for another machine, or bit for bit."""

from typing import Any

import pandas as pd

from icgd.analysis.reference_values import identical, read_wide, reference_rows, to_wide
from icgd.analysis.replication import replicates, same_verdicts
from icgd.results.digest import ROOT
from icgd.results.job import Job
from icgd.results.store import write_text
from icgd.results.tables import load_table, save_table
from icgd.stages.errors import StageError

REFERENCE = ROOT / "workflow" / "reference"


def main(job: Job) -> None:
    """Write what differs and how many values were compared; fail if anything does that may not."""
    spec, run = job.spec, job.spec["run"]
    values, claims = REFERENCE / f"{run}.csv", REFERENCE / f"{run}_claims.csv"
    ours = _verified(load_table(spec["metrics"]), spec)
    verdicts = pd.read_csv(spec["claims"].path, dtype=str)[["id", "verdict"]]
    made = job.outputs["output"].with_name("reference")
    save_table(made / values.name, to_wide(ours))
    save_table(made / claims.name, verdicts)
    advice = f"If the change is meant, copy {made}/*.csv to workflow/reference/"
    if not values.is_file():
        raise StageError(f"there is no reference of the run {run!r}: expected {values}. {advice}")
    lines, passed = _compared(ours, read_wide(values), bool(spec["exact"]))
    differ = same_verdicts(verdicts, pd.read_csv(claims, dtype=str))
    text = "\n".join([*lines, *differ, f"{len(verdicts)} verdicts compared, {len(differ)} differ"])
    print(text)
    if not passed or differ:
        raise StageError(f"the run differs from {values.relative_to(ROOT)}, as said above. {advice}")
    write_text(job.outputs["output"], text + "\n")


def _compared(ours: pd.DataFrame, reference: pd.DataFrame, exact: bool) -> tuple[list[str], bool]:
    if not exact:
        report = replicates(ours, reference)
        return report.lines(), report.passed
    lines = identical(ours, reference)
    return [*lines, f"{len(reference)} values compared bit for bit, {len(lines)} differ"], not lines


def _verified(metrics: pd.DataFrame, spec: Any) -> pd.DataFrame:
    """The values that are compared: of a learner's references the algorithm that it is held to be.

    Learners that are not verified are left aside.
    """
    pairs = list(zip(metrics["experiment"], metrics["learner"], strict=True))
    left_out = {tuple(pair) for pair in spec["unverified"]}
    algorithms = {(experiment, learner): name for experiment, learner, name in spec["algorithms"]}
    references = metrics["reference"].fillna("")
    kept = [
        pair not in left_out and reference in ("", algorithms.get(pair, reference))
        for pair, reference in zip(pairs, references, strict=True)
    ]
    return reference_rows(metrics[kept], spec["verified"])
