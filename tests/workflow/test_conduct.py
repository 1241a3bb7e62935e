"""How runs fail, stop, lock and start, with real processes of Snakemake."""

import contextlib
import itertools
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from icgd.workflow import records
from icgd.workflow.processes import Process
from tests.workflow.dummies import HEAD, SNAKEMAKE, run, start, wait_for, workflow

pytestmark = pytest.mark.workflow

FAILING = """
rule all:
    input: "a.out", "b.out"

rule bad:
    output: "{name}.out"
    log: "logs/{name}.log"
    shell: "(seq -f 'line %.f' 2000; echo the reason of {wildcards.name}) > {log}; exit 3"
"""

STAGE = """
import json, sys, time
from pathlib import Path
from icgd.results import interrupts

def main():
    spec = json.loads(Path(sys.argv[1]).read_text())
    saved = Path(spec["output"] + ".checkpoint")
    begin = int(saved.read_text()) if saved.exists() else 0
    print("from step", begin, file=sys.stderr, flush=True)
    with interrupts.deferred():
        for step in range(begin + 1, spec["steps"] + 1):
            time.sleep(0.05)
            if interrupts.requested():
                saved.write_text(str(step))
                interrupts.leave(f"checkpoint at step {step}")
        Path(spec["output"]).write_text("done")
"""

STAGED = """
import json
for name, steps in config["steps"].items():
    Path(f"{name}.json").write_text(json.dumps({"output": f"{name}.out", "steps": int(steps)}))

rule all:
    input: [f"{name}.out" for name in config["steps"]]

rule train:
    output: "{name}.out"
    log: "{name}.log"
    shell: stage_command(Path(workflow.basedir), "train") + " {wildcards.name}.json > {log:q} 2>&1"
"""


def staged(folder: Path, **steps: int) -> list[str]:
    """Arguments of a run of stages of so many steps of a twentieth of a second."""
    if not (folder / "Snakefile").exists():
        workflow(folder, STAGED, train=STAGE)
    return ["all", "--config", f"steps={json.dumps(steps)}"]


def began(folder: Path) -> bool:
    return "from step" in (folder / "a.log").read_text() if (folder / "a.log").exists() else False


def locks(folder: Path) -> list[Path]:
    found = itertools.chain(
        (folder / ".snakemake/locks").glob("*"), (folder / records.FOLDER).rglob("*.json")
    )
    return list(found)


def stages(folder: Path) -> list[int]:
    """Processes of stages that still run."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if f"{folder}/workflow/scripts/stage.py" in process.cmdline():
                found.append(process.pid)
    return found


# ---------------------------------------------------------------- failing


@pytest.mark.parametrize(
    "flags",
    [(), ("--quiet", "rules", "host"), ("--quiet", "all", "--keep-going"), ("--verbose",)],
    ids=" ".join,
)
def test_the_log_of_a_failed_job_comes_last(tmp_path: Path, flags: tuple[str, ...]) -> None:
    code, output = run(workflow(tmp_path, FAILING), "a.out", *flags)
    assert code == 1
    assert "rule bad" in output
    assert str(tmp_path / "logs/a.log") in output
    assert output.count("the reason of a\n") == 1
    assert "line 2000\nthe reason of a\n" in output[-200:]
    assert "line 1\n" not in output


def test_every_failed_job_is_told_of(tmp_path: Path) -> None:
    output = run(
        workflow(tmp_path, FAILING), "--keep-going", "--quiet", "all", "--directory", str(tmp_path / "x")
    )[1]
    assert [output.count(f"the reason of {name}\n") for name in "ab"] == [1, 1]
    assert str(tmp_path / "x/logs/a.log") in output


def test_the_log_comes_last_on_a_terminal(tmp_path: Path) -> None:
    workflow(tmp_path, FAILING)
    ours, theirs = pty.openpty()
    command = [str(SNAKEMAKE), "--cores", "1", "a.out"]
    process = subprocess.Popen(command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    output = b""
    while chunk := _read(ours):
        output += chunk
    assert process.wait() == 1
    assert b"the reason of a\r\n" in output[-200:]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how a terminal ends
        return b""


def test_a_job_without_a_log_shows_what_snakemake_says(tmp_path: Path) -> None:
    rules = 'rule none:\n    output: "none.out"\n    log: "none.log"\n    shell: "touch {log}"\n'
    output = run(workflow(tmp_path, rules), "--quiet", "all", "--latency-wait", "0")[1]
    assert "rule none" in output
    assert "MissingOutputException" in output


def test_a_job_ended_by_the_system_gets_a_hint(tmp_path: Path) -> None:
    output = run(
        workflow(tmp_path, 'rule big:\n    output: "big"\n    shell: "kill -9 $$"\n'), "--quiet", "all"
    )[1]
    assert "fewer --cores" in output.splitlines()[-1]


ERRORS = {
    "syntax": ("import broken", "def draw((:\n    pass\n", 'broken.py", line 1', ()),
    "name": ("import broken", "\n\nundefined\n", "broken.py, line 3", ("--quiet", "all")),
    "snakefile": ("\nvalue = undefined", "", "Snakefile, line 3", ("-n",)),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_while_parsing_names_its_place_last(tmp_path: Path, kind: str) -> None:
    snakefile, module, place, flags = ERRORS[kind]
    workflow(tmp_path, snakefile)
    (tmp_path / "src/broken.py").write_text(module)
    code, output = run(tmp_path, *flags)
    assert code == 1
    assert f"{tmp_path}/" in output[-300:]
    assert place in "\n".join(output.splitlines()[-4:])


def test_a_message_to_the_user_comes_last_once(tmp_path: Path) -> None:
    rules = 'from snakemake.exceptions import WorkflowError\nraise WorkflowError("config: no such key")\n'
    workflow(tmp_path, rules)
    for flags in ([], ["--quiet", "all"]):
        assert run(tmp_path, *flags)[1].splitlines()[-1] == "Error: config: no such key"
    (tmp_path / "Snakefile").write_text(HEAD + 'rule all:\n    input: "missing"\n')
    output = run(tmp_path)[1]
    assert output.count("MissingInputException") == 1
    assert output.splitlines()[-1].strip() == "missing"


# ---------------------------------------------------------------- stopping


@pytest.mark.parametrize("how", ["ctrl-c", "interrupt", "terminate", "hang up"])
def test_a_stopped_run_ends_at_checkpoints_and_goes_on(tmp_path: Path, how: str) -> None:
    arguments = staged(tmp_path, a=400, b=400)
    process = start(tmp_path, *arguments)
    wait_for(lambda: began(tmp_path))
    number = {"terminate": signal.SIGTERM, "hang up": signal.SIGHUP}.get(how, signal.SIGINT)
    (os.killpg if how == "ctrl-c" else os.kill)(process.pid, number)
    output = process.communicate(timeout=10)[0]
    assert process.returncode == 1
    told = output[output.index("\nStopping") + 1 :].splitlines()
    assert len(told) == 1
    assert "2 running jobs" in told[0]
    assert not locks(tmp_path)
    assert not stages(tmp_path)
    assert "checkpoint at step" in (tmp_path / "a.log").read_text()
    (tmp_path / "a.out.checkpoint").write_text("399")
    (tmp_path / "b.out.checkpoint").write_text("399")
    code, output = run(tmp_path, *arguments)
    assert code == 0, output
    assert (tmp_path / "a.log").read_text() == "from step 399\n"


def test_nohup_outlives_its_terminal_and_ends_when_told(tmp_path: Path) -> None:
    arguments = staged(tmp_path, a=400)
    shell = f"trap '' HUP INT; exec {SNAKEMAKE} --cores 1 \"$@\""
    process = subprocess.Popen(["sh", "-c", shell, "sh", *arguments], cwd=tmp_path, start_new_session=True)
    wait_for(lambda: began(tmp_path))
    os.killpg(process.pid, signal.SIGHUP)
    os.killpg(process.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.5)
    process.terminate()
    assert process.wait(timeout=10) == 1
    assert "checkpoint at step" in (tmp_path / "a.log").read_text()
    assert not locks(tmp_path)


def test_a_second_interrupt_ends_jobs_without_checkpoints(tmp_path: Path) -> None:
    workflow(
        tmp_path, 'rule long:\n    output: "long"\n    shell: "trap \'\' TERM INT; touch began; sleep 60"\n'
    )
    process = start(tmp_path)
    wait_for((tmp_path / "began").exists)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert not locks(tmp_path)


def test_a_stage_without_checkpoints_ends_at_once(tmp_path: Path) -> None:
    code = "import sys, time\ndef main():\n    print('from step', file=sys.stderr)\n    time.sleep(60)\n"
    workflow(tmp_path, STAGED, train=code)
    process = start(tmp_path, *staged(tmp_path, a=1))
    wait_for(lambda: began(tmp_path))
    process.terminate()
    process.communicate(timeout=5)
    assert not stages(tmp_path)


def test_an_interrupt_before_the_first_job_is_one_line(tmp_path: Path) -> None:
    workflow(tmp_path, "import time\nPath('began').touch()\ntime.sleep(60)\n")
    process = start(tmp_path)
    wait_for((tmp_path / "began").exists)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10)[0].splitlines()[-1] == "Stopped before the first job"


# ---------------------------------------------------------------- locks


def test_after_kill_jobs_end_and_the_next_call_goes_on(tmp_path: Path) -> None:
    arguments = staged(tmp_path, a=400)
    process = start(tmp_path, *arguments)
    wait_for(lambda: began(tmp_path))
    process.kill()
    process.wait()
    assert locks(tmp_path)
    wait_for(lambda: not stages(tmp_path), 5)
    assert "has gone" in (tmp_path / "a.log").read_text()
    (tmp_path / "a.out.checkpoint").write_text("399")
    (tmp_path / "a.out").write_text("half")  # written, but not yet seen by Snakemake
    code, output = run(tmp_path, *arguments)
    assert code == 0, output
    assert (tmp_path / "a.out").read_text() == "done"
    assert not locks(tmp_path)


def test_a_call_waits_for_jobs_of_a_killed_run(tmp_path: Path) -> None:
    stubborn = STAGE.replace("interrupts.requested()", "interrupts.requested() and Path('let').exists()")
    workflow(tmp_path, STAGED, train=stubborn)
    arguments = staged(tmp_path, a=400)
    process = start(tmp_path, *arguments)
    wait_for(lambda: began(tmp_path))
    process.kill()
    process.wait()
    following = start(tmp_path, *staged(tmp_path, a=400))
    output = following.stdout
    assert output
    wait_for(lambda: "Waiting for jobs of a killed run" in output.readline())
    (tmp_path / "a.json").write_text(json.dumps({"output": "a.out", "steps": 1}))
    (tmp_path / "let").touch()
    following.communicate(timeout=20)
    assert following.returncode == 0
    assert "going" not in (tmp_path / "a.log").read_text()


def test_a_living_run_is_named(tmp_path: Path) -> None:
    arguments = staged(tmp_path, a=400)
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
    process.communicate(timeout=10)
    assert not locks(tmp_path)


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"machine": "another"}])
def test_a_lock_of_another_host_is_named_and_kept(tmp_path: Path, change: dict[str, str]) -> None:
    arguments = staged(tmp_path, a=1)
    process = json.loads(Process.current().to_json()) | change
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
    assert not Process(process.host, process.machine, process.pid, "earlier").is_alive
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not Process(process.host, process.machine, ended.pid, "").is_alive


# ---------------------------------------------------------------- starting


@pytest.mark.parametrize("name", ["plain", "a:b", "with 'quotes\" and spaces", "{braces}", "ümlaut"])
def test_jobs_run_in_the_python_of_the_called_snakemake(tmp_path: Path, name: str) -> None:
    code = "import sys\ndef main():\n    open('a.out', 'w').write(sys.executable)\n"
    folder = workflow(tmp_path / name, STAGED, train=code)
    elsewhere = tmp_path / "other place"
    arguments = [*staged(folder, a=1), "--directory", str(elsewhere)]
    status, output = run(folder, *arguments, PATH="/usr/bin:/bin", PYTHONPATH="/nowhere")
    assert status == 0, output
    assert (elsewhere / "a.out").read_text() == sys.executable


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
        with contextlib.suppress(psutil.Error):
            most = max(most, psutil.Process(process.pid).num_threads())
    # The main thread, one for stopping, and those of the pool of two jobs.
    assert process.returncode == 0
    assert most <= 2 + 7
