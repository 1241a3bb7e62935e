"""Runs that are told to stop."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.workflow.dummies import (
    SNAKEMAKE,
    STAGE,
    STAGED,
    began,
    locks,
    run,
    staged,
    stages,
    start,
    wait_for,
    workflow,
)

pytestmark = pytest.mark.workflow


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C ends what a test starts, also where a shell has started the tests in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("how", ["ctrl-c", "terminate"])
def test_a_stopped_run_ends_at_checkpoints_and_goes_on(tmp_path: Path, how: str) -> None:
    arguments = staged(tmp_path, a=4000, b=4000)
    process = start(tmp_path, *arguments)
    wait_for(lambda: began(tmp_path))
    if how == "ctrl-c":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.terminate()
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 1
    told = output[output.index("\nStopping") + 1 :].splitlines()
    assert len(told) == 1
    assert not locks(tmp_path)
    assert not stages(tmp_path)
    assert "checkpoint at step" in (tmp_path / "a.log").read_text()
    for name in "ab":
        (tmp_path / f"{name}.out.checkpoint").write_text("3999")
    code, output = run(tmp_path, *arguments)
    assert code == 0, output
    assert (tmp_path / "a.log").read_text() == "from step 3999\n"


MADE = "config['steps'] = {'a': 4000}\n" + STAGED


def made(folder: Path) -> "subprocess.Popen[str]":
    """`make paper` in a folder whose set-up is done."""
    shutil.copy(ROOT / "Makefile", folder)
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    for name in ("venv", "latex"):
        (folder / f"workflow/scripts/ensure_{name}.sh").touch()
    # As from a shell: below another make, as `make test` is, it would also say which folder it leaves.
    outside = {name: value for name, value in os.environ.items() if name not in {"MAKELEVEL", "MAKEFLAGS"}}
    return subprocess.Popen(
        ["make", "paper"],
        cwd=folder,
        env=outside,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_make_hands_on_that_it_is_told_to_stop(tmp_path: Path) -> None:
    process = made(workflow(tmp_path, MADE, train=STAGE))
    wait_for(lambda: began(tmp_path))
    process.terminate()
    output = process.communicate(timeout=120)[0]
    assert process.returncode != 0
    assert "\nStopping (SIGTERM): 1 running job" in output
    assert not stages(tmp_path)
    assert not locks(tmp_path)
    assert "checkpoint at step" in (tmp_path / "a.log").read_text()


def test_make_ends_with_the_log_of_the_job_that_failed(tmp_path: Path) -> None:
    code = "import sys\ndef main():\n    sys.exit('no such weights')\n"
    process = made(workflow(tmp_path, MADE, train=code))
    *_, log, hint, last = process.communicate(timeout=120)[0].splitlines()
    assert log == "no such weights"
    assert hint.startswith("Mend that")
    assert last.startswith("make: ***")


def test_nohup_outlives_its_terminal_and_ends_when_told(tmp_path: Path) -> None:
    arguments = staged(tmp_path, a=4000)
    shell = f"trap '' HUP INT; exec {SNAKEMAKE} --cores 1 \"$@\""
    process = subprocess.Popen(["sh", "-c", shell, "sh", *arguments], cwd=tmp_path, start_new_session=True)
    wait_for(lambda: began(tmp_path))
    os.killpg(process.pid, signal.SIGHUP)
    os.killpg(process.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.5)
    process.terminate()
    assert process.wait(timeout=120) == 1
    assert "checkpoint at step" in (tmp_path / "a.log").read_text()
    assert not locks(tmp_path)


@pytest.mark.parametrize("how", ["failing", "told to stop"])
def test_a_run_whose_output_nobody_reads_any_more_ends(tmp_path: Path, how: str) -> None:
    waits = "touch began; until [ -e go ]; do sleep 0.05; done; exit 3"
    workflow(tmp_path, f'rule one:\n    output: "one"\n    shell: "{waits}"\n')
    process = start(tmp_path)
    wait_for((tmp_path / "began").exists)
    assert process.stdout
    process.stdout.close()
    if how == "failing":
        (tmp_path / "go").touch()
    else:
        process.terminate()
    try:
        assert process.wait(timeout=60) != 0
    finally:
        process.kill()
    assert not locks(tmp_path)


def test_a_second_interrupt_ends_jobs_without_checkpoints(tmp_path: Path) -> None:
    workflow(
        tmp_path,
        'rule long:\n    output: "long"\n    shell: "trap \'\' TERM INT; touch began; sleep 600; true"\n',
    )
    process = start(tmp_path)
    wait_for((tmp_path / "began").exists)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert not locks(tmp_path)


def test_a_stage_ends_even_within_compiled_code(tmp_path: Path) -> None:
    busy = "    hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)\n"
    code = f"import hashlib, sys\ndef main():\n    print('from step', file=sys.stderr)\n{busy}"
    workflow(tmp_path, STAGED, train=code)
    process = start(tmp_path, *staged(tmp_path, a=1))
    wait_for(lambda: began(tmp_path))
    process.terminate()
    process.communicate(timeout=120)
    assert not stages(tmp_path)


def test_an_interrupt_before_the_first_job_is_one_line(tmp_path: Path) -> None:
    workflow(tmp_path, "import time\nPath('began').touch()\ntime.sleep(60)\n")
    process = start(tmp_path)
    wait_for((tmp_path / "began").exists)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=120)[0].splitlines()[-1] == "Stopped before the first job"
