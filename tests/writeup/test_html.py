"""LaTeX of captions as HTML."""

from pathlib import Path

import pytest

from icgd.writeup.captions import Captions
from icgd.writeup.html import Converter, definitions
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"a \& b < c, 1\,\% ~x", "a &amp; b &lt; c, 1\u2009% x"),
        (r"$N=D$", '<span class="maths"><i>N</i>=<i>D</i></span>'),
        (r"$x_j^{-1}$", '<span class="maths"><i>x</i><sub><i>j</i></sub><sup>−1</sup></span>'),
        (r"$|\hat y_{\text{model}}|$", '<span class="maths">|<i>y\u0302</i><sub>model</sub>|</span>'),
        (r"$X\transpose X$", '<span class="maths"><i>X</i>ᵀ<i>X</i></span>'),
        (r"\emph{is \textbf{bold}} -- yes", "<em>is <strong>bold</strong></em> – yes"),
        (r"of \result{config/seeds} seeds", "of 5 seeds"),
        (r"about \result{nothing/here}", "about —"),
        (r"Figure~\ref{fig:a}, \ref{sec:b}", "Figure “A”, in the paper"),
        (r"One rule, \eqref{eq:b}, turned", "One rule turned"),
        (r"(rows), \eqref{eq:b}.", "(rows)."),
        (r"the loss~(\ref{eq:b}) at zero", "the loss at zero"),
        (r"seen. \source{name}{plotting/plot_x}\label{fig:a}", "seen."),
        (r"$\cos\alpha\le 1$", '<span class="maths">cosα≤1</span>'),
        ("", ""),
    ],
)
def test_latex_becomes_text_with_formulas(latex: str, expected: str) -> None:
    convert = Converter({"config/seeds": r"\ensuremath{5}"}, {"fig:a": "“A”"})
    assert convert(latex) == expected


def test_numbers_are_read_as_the_run_writes_them() -> None:
    lines = "\\defineresult{a/b?c=d}{\\ensuremath{0.1}}\n\\defineresult{run/run}{paper}\n"
    assert definitions(lines) == {"a/b?c=d": r"\ensuremath{0.1}", "run/run": "paper"}


def test_captions_titles_and_labels_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "one.tex"
    file.write_text(
        r"\section{A $K$}\label{sec:a} \begin{figure*}[t]\includegraphics[width=1cm]{figures/first}"
        r"\includegraphics{figures/second.pdf}\caption{Of \emph{both} \{.\label{fig:b}}\end{figure*}"
        r"\begin{figure}\includegraphics{figures/third}\caption{Alone.}\label{fig:c}\end{figure}",
        "utf-8",
    )
    found = Captions.of([file], {"third": "The third"})
    both = r"Of \emph{both} \{.\label{fig:b}"
    assert found.figures == {"first": both, "second": both, "third": "Alone."}
    assert found.titles == {str(file): "A $K$"}
    assert found.labels == {"sec:a": "“A K”", "fig:b": "“second”", "fig:c": "“The third”"}


def test_a_figure_may_stand_outside_a_float(tmp_path: Path) -> None:
    file = tmp_path / "glance.tex"
    file.write_text(r"{\centering\includegraphics{figures/idea}\caption{At a glance.}\par}", "utf-8")
    assert Captions.of([file], {}).figures == {"idea": "At a glance."}


def test_no_command_is_left_of_any_caption_of_the_paper() -> None:
    found = Captions.of((ROOT / "paper").rglob("*.tex"), {})
    convert = Converter({}, found.labels)
    pages = {name: convert(caption) for name, caption in found.figures.items()}
    assert len(pages) > 20
    assert [name for name, page in pages.items() if not page or set(page) & set("\\{}$")] == []
