"""Small workflows that include the project's conduct, run by real Snakemake processes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from tests.conftest import ROOT

HEAD = 'include: "workflow/rules/conduct.smk"\n'
COPIED = (
    "profiles/default/config.yaml",
    "workflow/rules/conduct.smk",
    "workflow/scripts/stage.py",
    "src/icgd/__init__.py",
    "src/icgd/results/interrupts.py",
    *(str(path.relative_to(ROOT)) for path in (ROOT / "src/icgd/workflow").glob("*.py")),
)
SNAKEMAKE = Path(sys.executable).with_name("snakemake")


def workflow(folder: Path, rules: str, **stages: str) -> Path:
    """A folder with the conduct, a Snakefile of the given rules, and stages of the given code."""
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "Snakefile").write_text(HEAD + rules)
    (folder / "src/icgd/stages").mkdir()
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
    output = process.communicate(timeout=60)[0]
    return process.returncode, output


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "waited in vain"
        sleep(0.02)
