"""Stage: the rows of one table of the text."""

import importlib

from icgd.analysis.tidy import merged
from icgd.plotting.looks import Looks
from icgd.results.job import Job
from icgd.results.store import write_text
from icgd.results.tables import load_table


def main(job: Job) -> None:
    """Call the table's `latex(metrics, looks, confidence)` on the experiments that it reads."""
    spec = job.spec
    module = importlib.import_module(spec["module"])
    metrics = merged(load_table(table) for table in spec["tables"])
    write_text(job.outputs["output"], module.latex(metrics, Looks.of(spec["looks"]), spec["confidence"]))
