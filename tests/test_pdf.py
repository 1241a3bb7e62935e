"""The PDF: fonts are in it, figures can be read aloud, tags lead to claims, run times are not part of it."""

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from icgd.plotting.axes import STYLE
from icgd.spec.selectors import used_keys
from icgd.stages import numbers, paper
from icgd.writeup.latex import claims_table
from icgd.writeup.sections import placed_studies, published_studies
from icgd.writeup.sources import latex_sources
from tests.conftest import ROOT
from tests.test_typesetting import document, latex

__all__ = ["latex"]
CLAIM = {"metric": "loss", "over": "max", "comparison": "below", "value": 0.1, "threshold": "0.3"}
CLAIM |= {"id": "E1.2", "group": "E1.2", "statement": "A statement", "origin": "us", "verdict": "holds"}
CLAIM |= {"fixed": "before", "kind": "finding", "chance": 0.03, "interval_low": 0.0, "interval_high": 0.2}
VERDICT = r"\defineresult{claim/E1.2/verdict}{holds}"


def typeset(folder: Path, body: str) -> str:
    return paper.typeset(document(folder, body)).read_bytes().decode("latin-1")


def test_fonts_are_embedded_and_figures_have_their_caption_as_alternative_text(
    latex: None, tmp_path: Path
) -> None:
    (tmp_path / "figures").mkdir()
    with mpl.rc_context():
        plt.style.use(STYLE)
        figure, axes = plt.subplots(figsize=(2, 1))
        axes.set_title(r"text and $\eta\,x_j^\top x_q$")
        figure.savefig(tmp_path / "figures/a.pdf", metadata={"CreationDate": None})
    source = tmp_path / "section.tex"
    source.write_text(r"\begin{figure}\includegraphics{figures/a}\caption{Größe $N<\result{k}$.}\end{figure}")
    figures = {"a": {"title": "Size"}, "b": {"title": "No caption"}}
    spec = {"config": {"figures": figures}, "sources": {str(source): ""}}
    text, other = numbers.alternatives(spec, {"k": "3"})
    assert "Figure: No caption".encode("utf-16-be").hex().upper() in other
    picture = r"\begin{figure}\includegraphics[width=5cm]{figures/a}\caption{A}\end{figure}"
    pdf = typeset(tmp_path, text + picture + r"Text, \emph{text}, $x^2$, \texttt{x}.")
    described = pdf.count("/Type /FontDescriptor") + pdf.count("/Type/FontDescriptor")
    assert described == len(re.findall(r"/FontFile\d?\b", pdf)) >= 5
    alternative = "Figure: Größe N<3.".encode("utf-16-be").hex().upper()
    marked = re.findall(r"/Span <</Alt <(\w+)>>> BDC(.*?)EMC", pdf, re.DOTALL)
    assert [(alt, "Do" in content) for alt, content in marked] == [(f"FEFF{alternative}", True)]
    assert re.search(r"/Lang\s*\(en\)", pdf)


def test_tag_in_the_margin_leads_to_the_claim(latex: None, tmp_path: Path) -> None:
    (tmp_path / "numbers").mkdir()
    (tmp_path / "numbers/claims.tex").write_text(claims_table(pd.DataFrame([CLAIM])))
    pdf = typeset(
        tmp_path,
        VERDICT + r"It is so.\claim{E1.2}\onecolumn\begin{tabular}{llllllll}\rows{claims}\end{tabular}",
    )
    assert re.search(r"/D\s*\(claim:E1\.2\)", pdf)
    assert re.search(r"\(claim:E1\.2\)\s+\d+ 0 R", pdf)


def test_a_tag_asks_for_a_verdict(tmp_path: Path) -> None:
    file = tmp_path / "a.tex"
    file.write_text(
        "\\newcommand{\\claim}[1]{\\result{claim/#1/verdict}}\nSo.\\claim{E1.2} \\result{a/b/c}\n"
    )
    assert list(used_keys([file])) == [
        ("claim/E1.2/verdict", "a.tex, line 2"),
        ("a/b/c", "a.tex, line 2"),
    ]


def test_document_says_nothing_of_machine_and_run_times() -> None:
    """So that it is the same, byte for byte, whenever and wherever the same results are typeset."""
    keys = {key for key, _ in used_keys(latex_sources(ROOT / "paper", ".tex")) if key.startswith("run/")}
    assert {key for key in keys if not key.startswith("run/packages/")} == {"run/run", "run/python"}


def test_length_of_the_main_text_is_read_from_what_latex_leaves() -> None:
    aux = "\\relax\n\\newlabel{end-of-main-text}{{12}{11}{Reproducibility statement}{section.12}{}}\n"
    assert paper.main_text(aux) == 11
    assert paper.main_text("\\relax\n") is None


def test_frame_has_a_place_for_every_study_of_the_repository() -> None:
    assert published_studies() <= placed_studies()
    text = (ROOT / "paper/main.tex").read_text("utf-8")
    assert all(text.count(rf"\study{{{study}}}") == 1 for study in placed_studies())
