"""Small workflows that include the project's conduct, run by real Snakemake processes."""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import psutil

from icgd.workflow import records
from tests.conftest import ROOT

HEAD = 'include: "workflow/rules/conduct.smk"\n'
COPIED = (
    "workflow/rules/conduct.smk",
    "workflow/scripts/stage.py",
    "src/icgd/__init__.py",
    *(str(path.relative_to(ROOT)) for path in (ROOT / "src/icgd/workflow").glob("*.py")),
)
SNAKEMAKE = Path(sys.executable).with_name("snakemake")

ENTRY = """
import importlib, sys

def run(stage, file):
    sys.argv[1:] = [str(file)]
    importlib.import_module(f"icgd.stages.{stage}").main()
    return 0
"""

STAGE = """
import json, sys, time
from pathlib import Path
from icgd.workflow import interrupts

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
    shell: stage_command(workflow, "train") + " {wildcards.name}.json > {log:q} 2>&1"
"""


def workflow(folder: Path, rules: str, **stages: str) -> Path:
    """A folder with the conduct, a Snakefile of the given rules, and stages of the given code."""
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "Snakefile").write_text(HEAD + rules)
    (folder / "src/icgd/stages").mkdir()
    (folder / "src/icgd/stages/entry.py").write_text(ENTRY)
    for name, code in stages.items():
        (folder / f"src/icgd/stages/{name}.py").write_text(code)
    return folder


def start(folder: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Snakemake in a process group of its own, its whole output in one pipe."""
    command = [str(SNAKEMAKE), "--cores", "2", *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and output of a call of Snakemake."""
    process = start(folder, *arguments, **environment)
    output = process.communicate(timeout=120)[0]
    return process.returncode, output


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something holds."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "waited in vain"
        sleep(0.02)


def staged(folder: Path, **steps: int) -> list[str]:
    """Arguments of a run of stages of so many steps of a twentieth of a second."""
    if not (folder / "Snakefile").exists():
        workflow(folder, STAGED, train=STAGE)
    return ["all", "--config", f"steps={json.dumps(steps)}"]


def began(folder: Path) -> bool:
    """Whether stage a has begun to work."""
    return "from step" in (folder / "a.log").read_text() if (folder / "a.log").exists() else False


def locks(folder: Path) -> list[Path]:
    """Locks, and records of runs and jobs."""
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
