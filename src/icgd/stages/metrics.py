"""Stage: merge the tables of all comparisons into the run's one tidy table."""

from icgd.analysis.tidy import merged
from icgd.results.job import Job
from icgd.results.tables import load_table, save_table


def main(job: Job) -> None:
    """Concatenate, refuse duplicates, sort, and write as Parquet and CSV."""
    whole = merged(load_table(table) for table in job.spec["tables"])
    columns = [name for name in whole.columns if name != "value"]
    twice = whole[whole.duplicated(columns)]
    if len(twice):
        row = twice.iloc[0].dropna().to_dict()
        raise ValueError(f"measured twice: {row}; two measurements clash")
    whole = whole.sort_values(columns, kind="stable", ignore_index=True)
    save_table(job.outputs["parquet"], whole, job.digest)
    save_table(job.outputs["csv"], whole)
