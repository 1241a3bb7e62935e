"""Stage: the report of a run as one page."""

from icgd.results.job import Job
from icgd.results.store import write_text
from icgd.writeup.report import report


def main(job: Job) -> None:
    """Write report.html, which loads nothing: pictures are in it."""
    write_text(job.outputs["output"], report(job.spec))
