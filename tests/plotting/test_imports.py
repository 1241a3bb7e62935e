"""Figures start fast: no plot needs JAX."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def test_no_plot_imports_jax() -> None:
    plots = sorted((SOURCE / "icgd").rglob("plot_*.py"))
    assert len(plots) > 10
    names = [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in plots]
    code = f"import sys, {', '.join(names)}; print('jax' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCE, capture_output=True, text=True, check=False
    )
    assert done.stdout == "False\n", done.stderr
