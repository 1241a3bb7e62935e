"""Stage: the verdict on each claim of a study."""

import pandas as pd

from icgd.analysis.claims import NoRowsError, judged
from icgd.analysis.tidy import merged
from icgd.results.job import Job
from icgd.results.tables import load_table, save_table
from icgd.stages.errors import StageError


def main(job: Job) -> None:
    """Write one row per claim; the interval is that of the mean over seeds and matching rows."""
    metrics = merged(load_table(table) for table in job.spec["tables"])
    rows = []
    for name, claim in job.spec["claims"].items():
        try:
            rows.append(judged(name, claim, metrics, job.spec["confidence"]))
        except NoRowsError as error:
            raise StageError(f"claim {name}: {error}; check its names") from None
    save_table(job.outputs["output"], pd.DataFrame(rows))
