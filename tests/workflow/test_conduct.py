"""The Python and the scheduler of a run."""

import contextlib
import json
import sys
from pathlib import Path
from time import sleep

import psutil
import pytest

from tests.workflow.dummies import (
    STAGED,
    run,
    staged,
    start,
    workflow,
)

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("name", ["plain", "a:b {braces} 'quotes\" ümlaut"])
def test_jobs_run_in_the_python_of_the_called_snakemake(tmp_path: Path, name: str) -> None:
    code = "import sys\ndef main():\n    open('a.out', 'w').write(sys.executable)\n"
    folder = workflow(tmp_path / name, STAGED, train=code)
    elsewhere = tmp_path / "other place"
    arguments = [*staged(folder, a=1), "--directory", str(elsewhere)]
    status, output = run(folder, *arguments, PATH="/usr/bin:/bin", PYTHONPATH="/nowhere")
    assert status == 0, output
    assert (elsewhere / "a.out").read_text() == sys.executable


def test_a_run_says_what_snakemake_itself_has_used(tmp_path: Path) -> None:
    """Beside a job that waits the clock goes on, the processor does not."""
    rules = """
conduct.record = "results/conduct.json"
rule all:
    output: "done"
    shell: "sleep 1; touch {output}"
"""
    record = workflow(tmp_path, rules) / "results/conduct.json"
    assert run(tmp_path)[0] == 0
    found = json.loads(record.read_text())
    assert found["wall"] - found["cpu"] > 0.5
    assert found["cpu"] > 0.1


def test_the_scheduler_does_not_wake_up_for_finished_jobs(tmp_path: Path) -> None:
    rules = """
rule all:
    input: [f"out/{i}" for i in range(12)]
rule one:
    output: "out/{i}"
    shell: "sleep 0.1; touch {output}"
"""
    workflow(tmp_path, rules)
    process = start(tmp_path, "--quiet", "all")
    most = 0
    while process.poll() is None:
        sleep(0.02)
        with contextlib.suppress(psutil.Error):
            most = max(most, psutil.Process(process.pid).num_threads())
    # The main thread, one for stopping, and those of the pool of two jobs.
    assert process.returncode == 0
    assert most <= 2 + 7
