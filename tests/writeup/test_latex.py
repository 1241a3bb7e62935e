"""Numbers as LaTeX sets them."""

from icgd.writeup.latex import number, shown


def test_numbers_are_set_for_latex() -> None:
    assert number(0.206234) == r"\ensuremath{0.2062}"
    assert number(2.84e-14) == r"\ensuremath{2.8\times10^{-14}}"
    assert number(float("inf")) == r"\ensuremath{\infty}"
    assert shown("relative_excess_loss", 0.00123) == r"\ensuremath{0.12\,\%}"
