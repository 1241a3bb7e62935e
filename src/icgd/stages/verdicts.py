"""Stage: the claims of all studies in one table."""

import pandas as pd

from icgd.analysis.claims import grouped
from icgd.results.job import Job
from icgd.results.tables import save_table

COLUMNS = [
    "id",
    "group",
    "statement",
    "origin",
    "fixed",
    "kind",
    "metric",
    "over",
    "comparison",
    "value",
    "threshold",
    "verdict",
    "seeds",
    "chance",
]


def main(job: Job) -> None:
    """Join the studies' tables, by group; a run without claims has a table without rows."""
    tables = [pd.read_csv(table.path, dtype={"id": str, "group": str}) for table in job.spec["tables"]]
    whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)
    save_table(job.outputs["output"], grouped(whole))
