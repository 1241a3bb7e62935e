"""Figures and tables of the text start fast: neither they nor their stages need JAX."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def test_nothing_that_shows_imports_jax() -> None:
    plots, tables = (sorted((SOURCE / "icgd").rglob(f"{role}_*.py")) for role in ("plot", "table"))
    assert len(plots) > 10
    assert len(tables) > 2
    names = [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in [*plots, *tables]]
    names += ["icgd.stages.figure", "icgd.stages.table"]
    code = f"import sys, {', '.join(names)}; print('jax' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCE, capture_output=True, text=True, check=False
    )
    assert done.stdout == "False\n", done.stderr
