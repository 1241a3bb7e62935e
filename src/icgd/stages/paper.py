"""Stage: typeset the paper, and refuse undefined references, missing numbers and overfull boxes."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from icgd.results.digest import ROOT
from icgd.results.environment import clean
from icgd.results.job import Job
from icgd.results.store import replacing
from icgd.stages.errors import StageError
from icgd.writeup.sections import PAPER
from icgd.writeup.sources import latex_sources

INSTALL = "see workflow/scripts/ensure_latex.sh, or run: make latex"
ERRORS = re.compile(r"^(?:! |\S[^:\n]*:\d+: )(?:.*\n){1,6}", re.MULTILINE)
PROBLEMS = re.compile(
    r"^(?:LaTeX Warning: .*(?:undefined|multiply).*|Package natbib Warning: .*undefined.*|"
    r"Overfull \\hbox.*)$",
    re.MULTILINE,
)
# The line below says what is in the box, and may hold any brackets.
BOXES = re.compile(r"^(?:Over|Under)full.*\n.*$", re.MULTILINE)


def problems(log: str) -> list[str]:
    """Lines of a LaTeX log that a finished paper must not have, each with the file that it is about."""
    return [f"{_file_at(log[: found.start()])}: {found[0]}" for found in PROBLEMS.finditer(log)]


def _file_at(log: str) -> str:
    """The file that LaTeX reads at the end of a part of its log, which brackets the files."""
    opened: list[str] = []
    for bracket, name in re.findall(r"([()])((?:\./)?[\w./+-]+\.\w+)?", BOXES.sub("", log)):
        if bracket == "(":
            opened.append(name)
        elif opened:
            opened.pop()
    return next((name.removeprefix("./") for name in reversed(opened) if name), "main.tex")


def typeset(folder: Path, *, whole: bool = True) -> Path:
    """Run latexmk on main.tex in `folder`; the PDF has no dates, so that it can be reproduced.

    A paper that is not whole may refer to sections of studies that are left out.
    """
    if shutil.which("latexmk") is None:
        raise StageError(f"latexmk was not found; LaTeX is needed for the paper: {INSTALL}")
    reproducible = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "max_print_line": "1000"}
    options = ["-norc", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    done = subprocess.run(
        ["latexmk", *options, "main.tex"],
        cwd=folder,
        env=clean(os.environ) | reproducible,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    log_file = folder / "main.log"
    log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.exists() else done.stdout
    found = ERRORS.findall(log) or (problems(log) if whole else [])
    if done.returncode or found:
        tail = "\n".join(found or (done.stdout + done.stderr).splitlines()[-30:])
        raise StageError(f"LaTeX did not accept the paper (sources in paper/):\n{tail}")
    return folder / "main.pdf"


def main_text(aux: str) -> int | None:
    """The page on which the main text ends, from the label there; None in a paper without it."""
    found = re.search(r"\\newlabel\{end-of-main-text\}\{\{[^}]*\}\{(\d+)\}", aux)
    return int(found[1]) if found else None


def parts(job: Job) -> Iterator[tuple[str, Path]]:
    """All files of the paper, with their place in the folder where it is typeset."""
    for path in latex_sources(PAPER):
        yield path.relative_to(PAPER).as_posix(), path
    for study, section in job.spec["sections"].items():
        if not (ROOT / section).is_relative_to(PAPER):
            yield f"sections/{study}.tex", ROOT / section
    for path in sorted(job.spec["numbers"].path.iterdir()):
        yield f"numbers/{path.name}", path
    for table in job.spec["tables"]:
        yield f"numbers/{table.path.name}", table.path
    for figure in job.spec["figures"]:
        yield f"figures/{figure.path.name}", figure.path


def main(job: Job) -> None:
    """Copy sources, numbers and figures into a scratch folder, typeset, and keep the PDF."""
    with tempfile.TemporaryDirectory() as scratch:
        taken: dict[str, Path] = {}
        for place, path in parts(job):
            if place in taken:
                raise StageError(
                    f"{taken[place]} has the name of a file that the run makes, {path}; rename the former."
                )
            taken[place] = path
            (Path(scratch) / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, Path(scratch) / place)
        pdf = typeset(Path(scratch), whole=job.spec["whole"])
        aux = pdf.with_suffix(".aux").read_text(encoding="utf-8", errors="replace")
        print(f"pages of the main text: {main_text(aux) or 'unknown'}")
        with replacing(job.outputs["output"]) as temporary:
            shutil.copyfile(pdf, temporary)
