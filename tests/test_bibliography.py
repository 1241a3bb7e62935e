"""Every entry of the bibliography is cited, every citation listed; entries say who, what, where and when."""

import re
from collections import Counter
from pathlib import Path

import pytest

from icgd.writeup.sources import latex_sources
from tests.conftest import ROOT

PAPER = ROOT / "paper"
ENTRY = re.compile(r"^@(\w+)\{([^,]+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^  (\w+) = \{(.*)\},?$", re.MULTILINE)
CITED = re.compile(r"\\cite\w*\*?(?:\[[^]]*\])*\{([^}]*)\}")
VENUE = {"inproceedings": "booktitle", "article": "journal", "misc": "howpublished", "book": "publisher"}


def entries() -> list[tuple[str, str, dict[str, str]]]:
    """Kind, key and fields of every entry."""
    text = (PAPER / "references.bib").read_text("utf-8")
    return [(kind, key, dict(FIELD.findall(body))) for kind, key, body in ENTRY.findall(text)]


def cited(files: list[Path]) -> set[str]:
    """Keys in citations of LaTeX sources, comments left out."""
    lines = (
        re.sub(r"(?<!\\)%.*", "", line) for file in files for line in file.read_text("utf-8").splitlines()
    )
    return {key.strip() for line in lines for keys in CITED.findall(line) for key in keys.split(",")}


def test_citations_are_read_as_latex_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.tex").write_text(
        "\\citet{a} 5\\% \\citep[see][p.~2]{b, c} % \\cite{d}\n\\begin{x}[\\citealp{e}]"
    )
    assert cited([tmp_path / "a.tex"]) == {"a", "b", "c", "e"}


def test_what_is_cited_is_what_is_listed() -> None:
    listed = Counter(key for _, key, _ in entries())
    assert max(listed.values()) == 1
    assert listed.keys() == cited(latex_sources(PAPER, ".tex"))


@pytest.mark.parametrize(("kind", "key", "fields"), entries(), ids=[key for _, key, _ in entries()])
def test_entry_is_complete(kind: str, key: str, fields: dict[str, str]) -> None:
    """Authors are named or end in `others`, years are numbers, and keys begin with the first author."""
    assert {"author", "title", "year", VENUE[kind]} <= fields.keys()
    assert re.fullmatch(r"(19|20)\d\d", fields["year"])
    people = fields["author"].split(" and ")
    assert all("," in person or person.startswith("{") or person == "others" for person in people)
    first = re.sub(r"\W", "", re.sub(r"\\.|^\{|\}$", "", people[0].split(",")[0])).lower()
    assert first.startswith(re.sub(r"\d.*", "", key)[:4])
