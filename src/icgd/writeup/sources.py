"""The files that the paper is typeset from: those that the user wrote, not what editors and LaTeX leave."""

import os
from pathlib import Path

LEFT_BY_EDITORS = ("~", "#", ".bak", ".orig", ".rej", ".swp", ".tmp")
LEFT_BY_LATEX = (
    *(".aux", ".bbl", ".blg", ".bcf", ".fdb_latexmk", ".fls", ".lof", ".log", ".lot", ".out", ".run.xml"),
    *(".synctex", ".synctex.gz", ".toc", ".xdv", ".dvi"),
)


def latex_sources(folder: Path, *suffixes: str) -> list[Path]:
    """Source files below a folder, in order: all, or only those with one of the suffixes.

    Hidden files, backups, locks of editors, links that lead nowhere and LaTeX's own files are none.
    """
    found: list[Path] = []
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(place))
        folders[:] = [name for name in folders if not name.startswith(".") and _new(place, name, seen)]
        found += [path for name in names if _is_source(path := Path(place, name))]
    return sorted(path for path in found if not suffixes or path.suffix in suffixes)


def _new(place: str, name: str, seen: set[str]) -> bool:
    """Whether a folder was not yet seen; links can lead back."""
    return os.path.realpath(Path(place, name)) not in seen


def _is_source(path: Path) -> bool:
    if path.name.startswith((".", "#")) or path.name.endswith(LEFT_BY_EDITORS + LEFT_BY_LATEX):
        return False
    typeset_here = path.suffix == ".pdf" and path.with_suffix(".tex").exists()
    return path.is_file() and not typeset_here
