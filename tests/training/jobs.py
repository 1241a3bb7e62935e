"""Jobs that train, and processes that run them as a run does: from a file."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

WRITE = """
import json, sys
from pathlib import Path
from icgd.results.digest import COMPUTING
from icgd.spec.planned import planned
spec, output, file = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
modules = ("icgd.stages.train", spec["task"]["module"], spec["learner"]["module"])
job = planned("train", "one_step/test/transformer.0-1", spec, {"output": output}, modules, COMPUTING)
file.parent.mkdir(parents=True, exist_ok=True)
file.write_text(job.text())
"""


def training_spec(**training: object) -> dict[str, Any]:
    """What a plan asks of the training of a small layer, two seeds together; `training` are its options."""
    options = {"steps": 300, "batch": 128, "learning_rate": 0.02, "snapshots": 12, "seeds_per_job": 2}
    return {
        "name": "one_step",
        "experiment": "one_step",
        "variant": "test",
        "learner_name": "transformer",
        "key": "transformer",
        "seed": 1,
        "seeds": [0, 1],
        "task": {
            "module": "icgd.tasks.linear_regression",
            "name": "LinearRegression",
            "options": {"dimension": 4, "context_length": 4},
        },
        "learner": {
            "module": "icgd.models.attention_stack",
            "name": "attention_stack",
            "options": {"initial_scale": 0.3},
        },
        "training": options | training,
        "training_task": {},
        "start": [],
    }


def start(output: Path, spec: dict[str, Any], root: Path = ROOT) -> "subprocess.Popen[str]":
    """The stage on a job that the code below `root` has planned, and runs."""
    environment = os.environ | {"PYTHONPATH": str(root / "src"), "NPROC": "1"}
    file = output.parent / "specs" / f"{output.stem}.json"
    command = [sys.executable, "-c", WRITE, json.dumps(spec), str(output), str(file)]
    subprocess.run(command, env=environment, check=True)
    command = [sys.executable, str(root / "workflow" / "scripts" / "stage.py"), "train", str(file)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def finish(output: Path, spec: dict[str, Any], root: Path = ROOT) -> str:
    """What the stage printed, having succeeded."""
    process = start(output, spec, root)
    _, log = process.communicate()
    assert process.returncode == 0, log
    return log


def kill_after_checkpoint(output: Path, spec: dict[str, Any]) -> Path:
    """The checkpoint that a training leaves that is killed at it."""
    process = start(output, spec)
    checkpoint = output.with_name(f"{output.stem}.0-1.checkpoint.npz")
    while not checkpoint.exists():
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not output.exists()
    return checkpoint


def first_words(process: "subprocess.Popen[str]", *starts: str) -> str:
    """The first line of a process's log with one of these starts; the process is then killed."""
    assert process.stderr is not None
    line = next((line for line in process.stderr if line.startswith(starts)), "")
    process.kill()
    process.communicate()
    return line
