"""Stage: make one measurement on the learners that it reads and write its tidy table."""

import importlib
from collections.abc import Iterable, Iterator, Mapping

import jax

from icgd.analysis.columns import Metric, Record, used_columns
from icgd.analysis.study import load_study
from icgd.results.job import Job
from icgd.results.records import arrow_table, save_records

ALWAYS = {"experiment", "learner", "seed", "step", "option", "setting", "metric", "value"}


def declared(records: Iterable[Record], metrics: Mapping[str, Metric]) -> Iterator[Record]:
    """The records, each of a metric that the measurement declares and with the columns that it says."""
    for record in records:
        name = record["metric"]
        if name not in metrics:
            raise KeyError(f"the measurement yields {name!r}, which its METRICS lacks")
        if record.keys() - ALWAYS != set(metrics[name].by):
            found = sorted(record.keys() - ALWAYS)
            raise KeyError(
                f"rows of {name!r} fill the columns {found}; METRICS says {list(metrics[name].by)}"
            )
        yield record


def main(job: Job) -> None:
    """Run the `measure` of the measurement's module in float64, so that rounding does not show."""
    jax.config.update("jax_enable_x64", True)
    module = importlib.import_module(job.spec["module"])
    records = module.measure(load_study(job.spec), **job.spec["options"])
    rows = list(declared(records, module.METRICS))
    dtypes = {name: column.dtype for name, column in used_columns(rows, module.COLUMNS).items()}
    save_records(job.outputs["output"], arrow_table(rows, dtypes), job.digest)
