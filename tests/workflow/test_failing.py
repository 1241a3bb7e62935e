"""What a failing run shows last."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.workflow.dummies import HEAD, SNAKEMAKE, run, workflow

pytestmark = pytest.mark.workflow

FAILING = """
rule all:
    input: "a.out", "b.out"

rule bad:
    output: "{name}.out"
    log: "logs/{name}.log"
    shell: "(seq -f 'line %.f' 2000; echo the reason of {wildcards.name}) > {log}; exit 3"
"""


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


def test_a_job_that_succeeds_when_tried_again_is_no_failure(tmp_path: Path) -> None:
    shell = "mkdir tried && exit 1; touch {output}"
    workflow(tmp_path, f'rule again:\n    output: "again"\n    retries: 1\n    shell: "{shell}"\n')
    code, output = run(tmp_path)
    assert code == 0
    assert output.splitlines()[-1].startswith("Elapsed time")


def test_a_job_ended_by_the_system_gets_a_hint(tmp_path: Path) -> None:
    output = run(
        workflow(tmp_path, 'rule big:\n    output: "big"\n    shell: "kill -9 $$"\n'), "--quiet", "all"
    )[1]
    assert "fewer --cores" in output.splitlines()[-1]


ERRORS = {
    "syntax": ("import broken", "def draw((:\n    pass\n", 'broken.py", line 1', ()),
    "name": ("import broken", "\n\nundefined\n", "broken.py, line 3", ("--quiet", "all")),
    "snakefile": ("value = undefined", "", "Snakefile, line 2", ("-n",)),
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
