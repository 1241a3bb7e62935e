"""Run a stage of the project that this file belongs to: stage.py NAME SPEC.json."""

import sys
from pathlib import Path

# By this file's own place: a search path in the environment cannot name folders with a colon.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from icgd.workflow import interrupts

if __name__ == "__main__":
    interrupts.install()
    from icgd.stages.entry import run

    sys.exit(run(sys.argv[1], Path(sys.argv[2])))
