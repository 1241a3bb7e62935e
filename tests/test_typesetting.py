"""Any text of a user is typeset as written, and the paper from the user's sources alone."""

import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from icgd.results.job import Artefact, Job
from icgd.stages import paper
from icgd.stages.errors import StageError
from icgd.writeup.latex import claims_table
from icgd.writeup.sources import latex_sources
from icgd.writeup.symbols import ACCENTS, COMMANDS, MATHS
from icgd.writeup.text import address, escape
from tests.conftest import ROOT

HEAD = (ROOT / "paper/main.tex").read_text(encoding="utf-8").split("\\input{numbers/numbers}")[0]
READABLE = "\\pdfcompresslevel0\\pdfobjcompresslevel0\n"
ASCII = "".join(map(chr, range(32, 127)))
NASTY = (
    r"\input{x} $x^2$ {a} }b{ 100% #1 a&b a~b a_b ^^M \\ [x] *",
    "no -- joining --- ,, << >> ?` !` ''",
    "tab\tline\n\nparagraph \x07 bell \u200b zero width",
    "日本語 😀 Ж \U0001d4b3 ｗｉｄｅ ﬁ x\u0302 \u0301 é e\u0301 ǘ Å ½ x²ⁿ H₂O ™",
    "The loss is ≤ 0.1 · α → ∞, “quoted” — ‘so’ …",
)


@pytest.fixture
def latex() -> None:
    if shutil.which("latexmk") is None:
        assert not os.environ.get("CI"), "a CI needs LaTeX (make test installs it)"
        pytest.skip("latexmk is not installed")


def document(folder: Path, body: str) -> Path:
    """A document with the paper's preamble."""
    shutil.copy(ROOT / "paper/macros.tex", folder)
    (folder / "main.tex").write_text(f"{READABLE}{HEAD}\\begin{{document}}{body}\\end{{document}}\n")
    return folder


def test_special_characters_become_commands() -> None:
    assert escape("a_b & 5% #1 $x^2$ ~ {y}") == (
        r"a\_b \& 5\% \#1 \$x\textasciicircum{}2\$ \textasciitilde{} \{y\}"
    )
    assert escape("a ≤ β") == r"a \ensuremath{\leq} \ensuremath{\beta}"
    assert escape("é") == escape("e\u0301") == r"{\'{e}}"
    assert escape("a\n\n b") == "a b"
    assert escape("a--b") == "a-{}-b"
    assert escape("漢") == "{[}U+6F22{]}"
    assert escape("1e-05") == "1e-05"


def test_any_text_is_typeset(latex: None, tmp_path: Path) -> None:
    """In paragraphs, type of fixed width, cells of tables and definitions; no character is missing."""
    accented = [f"{letter}{mark}" for mark in ACCENTS for letter in "aeiou"]
    texts = [ASCII, *NASTY, " ".join(COMMANDS), " ".join(MATHS), " ".join(accented)]
    body = "".join(
        rf"\defineresult{{t}}{{{escape(t)}}}\result{{t}}\par\texttt{{\result{{t}}}}\par{{\bfseries\itshape\result{{t}}}}"
        rf"\par\begin{{tabular}}{{p{{3cm}}l}}{escape(t)} & \\{escape(t[:9])} & x\\\end{{tabular}}\par"
        for t in texts
    )
    assert all(escape(text).isascii() for text in texts)
    paper.typeset(document(tmp_path, body))
    log = (tmp_path / "main.log").read_text(errors="replace")
    assert "Missing character" not in log


def test_name_of_a_run_of_any_length_fits(latex: None, tmp_path: Path) -> None:
    """In the columns of the paper, behind text of two lengths."""
    body = "".join(
        rf"\defineresult{{run/run}}{{{escape((name * 60)[:length])}}}"
        rf"{start}All results come from one run of the pipeline, \texttt{{\result{{run/run}}}}, at revision "
        "\\texttt{0123456}, on this machine, with Python 3.11.\n\n"
        for name in ("depth^2_", "rebuttal_reviewer_2_larger_batch_", "misgeneralisation", "a.b-")
        for length in range(1, 61)
        for start in ("", "Here, too: ")
    )
    paper.typeset(document(tmp_path, body))


def test_table_of_claims_takes_any_text(latex: None, tmp_path: Path) -> None:
    row = {"metric": "loss", "over": "max", "comparison": "below", "value": 0.1, "interval_low": 0.0}
    row |= {"interval_high": 0.2, "threshold": "0.3", "verdict": "holds", "fixed": "after"}
    row |= {"kind": "finding", "chance": 0.03125}
    sources = ("this paper", "doi:10.1145/3442188.3445922", "https://example.org/a%20b?c=1&d=2#e_f")
    rows = [
        row | {"id": f"X{i}", "group": f"X{i // 2 * 2}", "statement": s, "origin": sources[i % 3]}
        for i, s in enumerate(NASTY)
    ]
    rows.append(rows[0] | {"id": "Y", "group": "Y", "kind": "fact"})
    (tmp_path / "numbers").mkdir()
    (tmp_path / "numbers/claims.tex").write_text(claims_table(pd.DataFrame(rows)), encoding="utf-8")
    table = (ROOT / "paper/sections/claims.tex").read_text(encoding="utf-8")
    table = re.sub(r"\\citet\{.*?\}", "", r"\onecolumn " + table[table.index(r"{\footnotesize") :])
    paper.typeset(document(tmp_path, table))


def test_any_address_is_linked(latex: None, tmp_path: Path) -> None:
    """In a caption, which is read twice."""
    links = {
        "https://git.example.org/org/My%20Project/_git/r?version=GCabc&path=/": "",
        "https://git.example.org/r_1/blob/a#b/": "",
        "https://git.example.org/~me/a{b}^c\\d é$/": "https://git.example.org/%7Eme/a%7Bb%7D%5Ec%5Cd%20%C3%A9%24/",
    }
    body = "".join(
        rf"\defineresult{{run/source_root}}{{{address(link)}}}"
        r"\begin{figure}\caption[x\source{a}{b}]{x \source{a}{b}}\end{figure}"
        for link in links
    )
    pdf = paper.typeset(document(tmp_path, body)).read_bytes().decode("latin-1")
    found = {re.sub(r"src/.*", "", uri) for uri in re.findall(r"/URI\((https.*?)\)\s*[/>]", pdf)}
    assert found == {expected or link for link, expected in links.items()}


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources of a paper, its numbers and figures, with what editors, LaTeX and users leave there."""
    folder = tmp_path / "paper"
    monkeypatch.setattr(paper, "PAPER", folder)
    (folder / "figures").mkdir(parents=True)
    (folder / "sections").mkdir()
    picture = r"\includegraphics[width=1cm]"
    body = rf"\input{{sections/a}}{picture}{{figures/run}}{picture}{{figures/diagram}}"
    trailer = r"\pdftrailerid{}\pdfinfoomitdate=1"
    (folder / "main.tex").write_text(
        rf"\documentclass{{article}}\usepackage{{graphicx}}{trailer}\begin{{document}}{body}\end{{document}}"
    )
    (folder / "sections/a.tex").write_text("Text.\n")
    shutil.copy(ROOT / "paper/preview.png", folder / "figures/diagram.png")
    (folder / "sections/.#a.tex").symlink_to("me@host.4242:1700000000")
    (folder / "gone.tex").symlink_to("nowhere.tex")
    for name in (
        "sections/a.tex~",
        "sections/#a.tex#",
        "sections/.a.tex.swp",
        ".latexmkrc",
        "main.aux",
        "main.pdf",
    ):
        (folder / name).write_text("$out_dir = 'elsewhere'; }\n")
    return folder


def run(sources: Path, output: Path) -> bytes:
    work = sources.parent
    (work / "numbers").mkdir(exist_ok=True)
    (work / "numbers/numbers.tex").write_text("% none\n")
    shutil.copy(ROOT / "paper/preview.png", work / "run.png")
    spec = {"whole": True, "sections": {}}
    spec |= {"numbers": Artefact(work / "numbers"), "tables": [], "figures": [Artefact(work / "run.png")]}
    paper.main(Job("paper", "all", spec, {"output": output}))
    return output.read_bytes()


def test_sources_are_what_the_user_wrote(sources: Path) -> None:
    names = [path.relative_to(sources).as_posix() for path in latex_sources(sources)]
    assert names == ["figures/diagram.png", "main.tex", "sections/a.tex"]
    (sources / "sections/round").symlink_to(sources)
    (sources / "shared").symlink_to(sources.parent / "elsewhere")
    (sources.parent / "elsewhere").mkdir()
    (sources.parent / "elsewhere/b.tex").write_text("")
    names = [path.relative_to(sources).as_posix() for path in latex_sources(sources, ".tex", ".bib")]
    assert names == ["main.tex", "sections/a.tex", "shared/b.tex"]


def test_paper_does_not_depend_on_the_user(
    latex: None, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures of the user stand beside the run's; settings of LaTeX change nothing, not one byte."""
    plain = run(sources, tmp_path / "plain.pdf")
    assert plain[:5] == b"%PDF-"
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.latexmkrc").write_text('$out_dir = "build"; $pdflatex = "false";\n')
    (tmp_path / "tex/sections").mkdir(parents=True)
    (tmp_path / "tex/article.cls").write_text(r"\errmessage{the user's class}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEXINPUTS", f"{tmp_path / 'tex'}:")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert run(sources, tmp_path / "other.pdf") == plain


@pytest.mark.parametrize("place", ["figures/run.png", "numbers/numbers.tex"])
def test_name_that_the_run_uses_is_refused(sources: Path, tmp_path: Path, place: str) -> None:
    (sources / place).parent.mkdir(exist_ok=True)
    (sources / place).write_text("")
    with pytest.raises(StageError, match=f"{place} has the name of a file that the run makes"):
        run(sources, tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (r"\foo", r"sections/a\.tex:1: Undefined control sequence"),
        (r"\input{nowhere}", r"File `nowhere\.tex' not found(.|\n)*sections/a\.tex:1: "),
        (r"See (\ref{nothing}.", r"sections/a\.tex: LaTeX Warning: Reference `nothing' .*undefined"),
        ("Ex (" + "b" * 200, r"sections/a\.tex: Overfull \\hbox"),
        ("a ≤ b", r"sections/a\.tex:1: LaTeX Error: Unicode character"),
    ],
)
def test_message_names_the_file_and_what_latex_says(
    latex: None, sources: Path, tmp_path: Path, text: str, message: str
) -> None:
    (sources / "sections/a.tex").write_text(text + "\n\n", encoding="utf-8")
    with pytest.raises(StageError, match=message):
        run(sources, tmp_path / "out.pdf")


def test_problems_name_their_file_whatever_the_boxes_hold() -> None:
    box = "Overfull \\hbox (9.0pt too wide) in paragraph at lines 1--2"
    log = f"(./main.tex (/usr/x.sty)\n(./sections/a.tex\n{box}\n[]\\T1/lmr a) b) c\n\n{box}\n( d\n)\n{box}\n"
    assert paper.problems(log) == [
        f"{name}: {box}" for name in ("sections/a.tex", "sections/a.tex", "main.tex")
    ]


def test_missing_main_file_is_said(latex: None, sources: Path, tmp_path: Path) -> None:
    (sources / "main.tex").unlink()
    with pytest.raises(StageError, match=r"main\.tex"):
        run(sources, tmp_path / "out.pdf")
