"""Checks the config on standard input against the code that it names; prints what measurements read."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from icgd.checks.everything import main

if __name__ == "__main__":
    sys.exit(main())
