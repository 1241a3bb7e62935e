"""Runs a stage on a job: stage.py <stage> <spec file>."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from icgd.stages.entry import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1], Path(sys.argv[2])))
