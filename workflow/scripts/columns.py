"""Writes docs/columns.md anew: what the columns of a run's metrics say."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from icgd.checks.columns import modules, page
from icgd.results.digest import ROOT

if __name__ == "__main__":
    (ROOT / "docs" / "columns.md").write_text(page(modules()), "utf-8")
