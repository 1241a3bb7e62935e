"""The paper's sources: those of the frame, in paper/, and a section for every study."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from icgd.results.digest import ROOT
from icgd.spec.config import INCLUDED, study_file
from icgd.spec.reading import read
from icgd.writeup.sources import latex_sources

PAPER = ROOT / "paper"


def section_files(studies: Mapping[str, str]) -> dict[str, Path]:
    """The section of each study that has one: in paper/sections/, or section.tex in the study's folder."""
    files = {
        study: PAPER / "sections" / f"{study}.tex"
        if folder == INCLUDED
        else study_file(study, folder).parent / "section.tex"
        for study, folder in studies.items()
    }
    return {study: file for study, file in files.items() if file.is_file()}


def source_hashes(sections: Iterable[Path]) -> dict[str, str]:
    """Hashes of all sources, by path from the repository's root; what changes one typesets the paper anew."""
    files = [*latex_sources(PAPER), *(file for file in sections if not file.is_relative_to(PAPER))]
    return {relative(file): hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files}


def relative(file: Path) -> str:
    """A path as `ROOT / path` finds it again: results can move to another clone."""
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)


def published_studies() -> frozenset[str]:
    """The studies that have a section among the repository's."""
    studies = {path.stem for path in (ROOT / "config" / "studies").glob("*.yaml")}
    return frozenset(study for study in studies if (PAPER / "sections" / f"{study}.tex").is_file())


def placed_studies() -> set[str]:
    """The studies that the paper's frame has a place for; sections of others come last in the main text."""
    return set(re.findall(r"\\study\{(\w+)\}", (PAPER / "main.tex").read_text("utf-8")))


def frame_files() -> list[Path]:
    """The sources of the paper that belong to no study."""
    return [path for path in latex_sources(PAPER, ".tex") if path.stem not in published_studies()]


def left_out_experiments(studies: Mapping[str, str]) -> dict[str, str]:
    """The experiments of the repository's studies that are not in this run, with their study."""
    found: dict[str, str] = {}
    for file in (ROOT / "config" / "studies").glob("*.yaml"):
        if file.stem not in studies:
            found |= dict.fromkeys(read(file).get("experiments") or {}, file.stem)
    return found
