"""The shell command of a stage."""

import shlex
import sys
from pathlib import Path
from typing import Any

from snakemake.settings.types import DeploymentMethod

SCRIPT = Path(__file__).parents[3] / "workflow" / "scripts" / "stage.py"


def stage_command(workflow: Any, name: str) -> str:
    """Start a stage; to be followed by its spec's file.

    In the Python that runs Snakemake, unless Snakemake is told to use the rules' conda environments, and
    isolated from the user's PYTHON* variables. `exec`, so that the job's process is the stage itself
    and no shell between them takes its signals. Braces are doubled for Snakemake's formatting.
    """
    conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    python = "python" if conda else sys.executable
    words = (python, "-I", "-X", "utf8", str(SCRIPT), name)
    return ("exec " + shlex.join(words)).replace("{", "{{").replace("}", "}}")
