"""Stage: the claims of all studies in one table."""

import pandas as pd

from icgd.results.job import Job
from icgd.results.tables import save_table

COLUMNS = [
    "id",
    "statement",
    "origin",
    "fixed",
    "metric",
    "over",
    "comparison",
    "value",
    "threshold",
    "verdict",
]


def main(job: Job) -> None:
    """Join the studies' tables in their order; a run without claims has a table without rows."""
    tables = [pd.read_csv(table.path, dtype={"id": str}) for table in job.spec["tables"]]
    save_table(job.outputs["output"], pd.concat(tables) if tables else pd.DataFrame(columns=COLUMNS))
