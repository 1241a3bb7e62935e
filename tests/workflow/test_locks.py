"""Runs that meet other runs, living or dead."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from icgd.workflow import records
from icgd.workflow.processes import Process
from tests.workflow.dummies import STAGE, STAGED, began, locks, run, staged, stages, start, wait_for, workflow

pytestmark = pytest.mark.workflow


def test_after_kill_jobs_end_and_the_next_call_goes_on(tmp_path: Path) -> None:
    arguments = staged(tmp_path, a=4000)
    process = start(tmp_path, *arguments)
    wait_for(lambda: began(tmp_path))
    process.kill()
    process.wait()
    assert locks(tmp_path)
    wait_for(lambda: not stages(tmp_path), 60)
    assert "has gone" in (tmp_path / "a.log").read_text()
    (tmp_path / "a.out.checkpoint").write_text("3999")
    (tmp_path / "a.out").write_text("half")  # written, but not yet seen by Snakemake
    code, output = run(tmp_path, *arguments)
    assert code == 0, output
    assert (tmp_path / "a.out").read_text() == "done"
    assert not locks(tmp_path)


def test_a_call_waits_for_jobs_of_a_killed_run(tmp_path: Path) -> None:
    stubborn = STAGE.replace("interrupts.requested()", "interrupts.requested() and Path('let').exists()")
    workflow(tmp_path, STAGED, train=stubborn)
    arguments = staged(tmp_path, a=4000)
    process = start(tmp_path, *arguments)
    wait_for(lambda: began(tmp_path))
    process.kill()
    process.wait()
    following = start(tmp_path, *staged(tmp_path, a=4000))
    output = following.stdout
    assert output
    wait_for(lambda: "Waiting for jobs of a killed run" in output.readline())
    (tmp_path / "a.json").write_text(json.dumps({"output": "a.out", "steps": 1}))
    (tmp_path / "let").touch()
    following.communicate(timeout=120)
    assert following.returncode == 0
    assert "going" not in (tmp_path / "a.log").read_text()


def test_a_living_run_is_named(tmp_path: Path) -> None:
    arguments = staged(tmp_path, a=4000)
    process = start(tmp_path, *arguments)
    wait_for(lambda: began(tmp_path))
    code, output = run(tmp_path, *arguments, "--quiet", "all")
    assert code == 1
    assert f"kill {process.pid}" in output.splitlines()[-1]
    assert Process.current().host in output.splitlines()[-1]
    assert run(tmp_path, *arguments, "-n")[0] == 0
    code, output = run(tmp_path, *staged(tmp_path, b=1))
    assert code == 0, output
    assert locks(tmp_path), "another run took the lock away"
    process.terminate()
    process.communicate(timeout=120)
    assert not locks(tmp_path)


def test_a_lock_of_another_host_is_named_and_kept(tmp_path: Path) -> None:
    arguments = staged(tmp_path, a=1)
    process = json.loads(Process.current().to_json()) | {"host": "elsewhere"}
    outputs = [str(tmp_path / "a.out"), "a.out"]
    record = {"process": json.dumps(process), "since": "2020-01-01 00:00", "inputs": [], "outputs": outputs}
    path = tmp_path / records.FOLDER / "runs/other.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    code, output = run(tmp_path, *arguments)
    assert code == 1
    assert f"process {process['pid']} on {process['host']}, since 2020" in output
    assert "--unlock" in output
    assert path.exists()
    assert run(tmp_path, *arguments, "--unlock")[0] == 0
    assert run(tmp_path, *arguments)[0] == 0


def test_a_dead_process_is_not_taken_for_a_later_one_of_its_number() -> None:
    process = Process.current()
    assert process.is_alive
    assert not replace(process, started="earlier").is_alive
    assert not replace(process, machine="another container").is_here
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not replace(process, pid=ended.pid, started="").is_alive
