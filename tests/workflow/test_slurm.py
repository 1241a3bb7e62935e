"""The profile for Slurm on two virtual nodes of this machine: memory, a lost node, shared queue entries."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.workflow.dummies import SNAKEMAKE, wait_for, workflow

PROGRAMS = ("slurmctld", "slurmd", "srun", "munge", "runuser")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
    MISSING.append("snakemake-executor-plugin-slurm (requirements-slurm.lock)")
if os.geteuid():
    MISSING.append("root")
if Path("/etc/slurm/slurm.conf").exists():
    MISSING.append("a machine without a cluster of its own")
pytestmark = [
    pytest.mark.workflow,
    pytest.mark.skipif(bool(MISSING), reason=f"Slurm cannot be started here: it needs {', '.join(MISSING)}"),
]
HERE = ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"]
HERE += ["--seconds-between-status-checks", "2", "--latency-wait", "5"]


@pytest.fixture(scope="module", autouse=True)
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Two virtual nodes."""
    script, folder = str(ROOT / "workflow/scripts/virtual_slurm.sh"), str(tmp_path_factory.mktemp("slurm"))
    try:
        subprocess.run(["sh", script, "start", folder], check=True)
        yield
    finally:
        subprocess.run(["sh", script, "stop", folder], check=True)


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Snakemake with the project's profile."""
    profile = str(ROOT / "workflow/profiles/slurm")
    return subprocess.Popen(
        [str(SNAKEMAKE), "--workflow-profile", profile, *HERE, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process: "subprocess.Popen[str]") -> str:
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    return output


HUNGRY = """
rule all:
    input: "a.out"

rule train:
    output: "a.out"
    resources:
        mem_mb=lambda wildcards, attempt: 600 * 4 ** (attempt - 1),
        runtime=5,
    shell:
        "echo tried >> tries; "
        "python3 -c 'import time; held = bytes([1]) * 900_000_000; time.sleep(6)'; touch {output}"
"""


def test_job_over_its_memory_is_tried_again_with_more(tmp_path: Path) -> None:
    output = finished(start(workflow(tmp_path, HUNGRY)))
    assert (tmp_path / "tries").read_text().split() == ["tried"] * 2
    assert "Trying to restart job" in output


MANY = """
rule all:
    input: expand("{name}.out", name=range(10))

rule train:
    output: "{name}.out"
    resources: mem_mb=500, runtime=5
    shell: "echo $SLURM_JOB_ID > {output}"
"""


def test_small_jobs_share_queue_entries(tmp_path: Path) -> None:
    """Ten trainings, four to an entry."""
    finished(start(workflow(tmp_path, MANY)))
    entries = {path.read_text() for path in tmp_path.glob("*.out")}
    assert len(entries) == 3


SLOW = """
rule all:
    input: "a.out"

rule train:
    output: "a.out"
    resources: mem_mb=500, runtime=5
    shell: "echo $SLURMD_NODENAME >> nodes; while [ ! -e go ]; do sleep 0.2; done; touch {output}"
"""


def test_work_of_a_lost_node_is_done_by_another(tmp_path: Path) -> None:
    process = start(workflow(tmp_path, SLOW))
    wait_for(lambda: (tmp_path / "nodes").exists())
    node = (tmp_path / "nodes").read_text().strip()
    lost = ["scontrol", "update", f"nodename={node}"]
    subprocess.run([*lost, "state=down", "reason=test"], check=True)
    try:
        # Slurm lets a requeued job wait for two minutes.
        wait_for(lambda: len((tmp_path / "nodes").read_text().split()) == 2, 400)
        (tmp_path / "go").touch()
        finished(process)
    finally:
        subprocess.run([*lost, "state=resume"], check=True)
    assert len(set((tmp_path / "nodes").read_text().split())) == 2
