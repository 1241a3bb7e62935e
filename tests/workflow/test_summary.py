"""What `make paper` prints at its end."""

import json
import runpy
from pathlib import Path

import pytest

from tests.conftest import ROOT

summary = runpy.run_path(str(ROOT / "workflow/scripts/summary.py"))["summary"]


@pytest.mark.parametrize("said", [True, False])
def test_summary_has_verdicts_times_and_the_paper(tmp_path: Path, said: bool) -> None:
    """The last call that ran jobs says what Snakemake itself used; results from elsewhere may not."""
    (tmp_path / "claims.csv").write_text("id,verdict,statement\nE1,holds,One step\n")
    record = {"durations": {"train": {"jobs": 2, "seconds": 90.4, "peak_mb": 10}}}
    (tmp_path / "provenance.json").write_text(json.dumps(record))
    if said:
        (tmp_path / "conduct.json").write_text('{"wall": 200.0, "cpu": 5.0}\n')
    *first, last = summary(tmp_path).splitlines()
    assert first[:2] == ["E1     holds  One step", "Time of jobs by rule: train 90 s"]
    assert (
        first[2:]
        == [
            "Last run: 200 s, in which Snakemake itself used 5 s of a core (2.5%)",
        ]
        * said
    )
    assert last == f"Paper: {tmp_path / 'paper.pdf'}"
