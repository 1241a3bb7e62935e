"""The shell command of a stage."""

import shlex
import sys
from pathlib import Path


def stage_command(root: Path, name: str) -> str:
    """Start a stage in the Python that runs Snakemake; to be followed by its spec's file.

    Isolated from the user's PYTHON* variables. `exec`, so that the job's process is the stage itself
    and no shell between them takes its signals. Braces are doubled for Snakemake's formatting.
    """
    words = (sys.executable, "-I", "-X", "utf8", str(root / "workflow/scripts/stage.py"), name)
    return ("exec " + shlex.join(words)).replace("{", "{{").replace("}", "}}")
