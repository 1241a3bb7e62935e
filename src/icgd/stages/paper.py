"""Stage: typeset the paper, and refuse undefined references, missing numbers and overfull boxes."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from icgd.results.store import replacing
from icgd.stages.arguments import StageError, run_stage

INSTALL = "see workflow/scripts/ensure_latex.sh, or run: make latex"
PROBLEMS = re.compile(
    r"^(?:LaTeX Warning: .*(?:undefined|multiply).*|Package natbib Warning: .*undefined.*|"
    r"Overfull \\hbox.*)$",
    re.MULTILINE,
)


def problems(log: str) -> list[str]:
    """Lines of a LaTeX log that a finished paper must not have."""
    return PROBLEMS.findall(log)


def typeset(folder: Path) -> Path:
    """Run latexmk on main.tex in `folder`; the PDF has no dates, so that it can be reproduced."""
    if shutil.which("latexmk") is None:
        raise StageError(f"latexmk was not found; LaTeX is needed for the paper: {INSTALL}")
    reproducible = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "max_print_line": "1000"}
    done = subprocess.run(
        ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "main.tex"],
        cwd=folder,
        env=os.environ | reproducible,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    log_file = folder / "main.log"
    log = log_file.read_text(errors="replace") if log_file.exists() else done.stdout
    found = re.findall(r"^! (?:.*\n){1,6}", log, re.MULTILINE) or problems(log)
    if done.returncode or found:
        tail = "\n".join(found or done.stdout.splitlines()[-30:])
        raise StageError(f"LaTeX did not accept the paper (sources in paper/):\n{tail}")
    return folder / "main.pdf"


def main(spec: dict[str, Any], sources: Path, numbers: Path, figures: list[Path], output: Path) -> None:
    """Copy sources, numbers and figures into a scratch folder, typeset, and keep the PDF."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shutil.copytree(sources, folder, dirs_exist_ok=True)
        shutil.copytree(numbers, folder / "numbers")
        (folder / "figures").mkdir()
        for figure in figures:
            shutil.copy(figure, folder / "figures")
        pdf = typeset(folder)
        with replacing(output) as temporary:
            shutil.copy(pdf, temporary)


if __name__ == "__main__":
    run_stage(main, sources="LaTeX sources", numbers="folder of definitions", figures="paths", output="PDF")
