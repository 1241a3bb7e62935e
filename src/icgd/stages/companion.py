"""Stage: the page in which trained learners answer."""

from icgd.results.job import Job
from icgd.results.store import write_text
from icgd.stages.errors import StageError
from icgd.writeup.companion import companion

LARGEST = 4_000_000
"""Bytes: what a phone loads without waiting."""


def main(job: Job) -> None:
    """Write the page, which loads nothing; one that is too large is refused."""
    page = companion(job.spec)
    size = len(page.encode())
    if size > LARGEST:
        raise StageError(
            f"the companion has {size} bytes, expected at most {LARGEST}; let its panels show fewer `seeds`"
        )
    write_text(job.outputs["output"], page)
