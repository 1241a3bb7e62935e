"""The page of columns says what the measurements declare."""

from types import ModuleType

from icgd.analysis.columns import Column
from icgd.checks.columns import modules, page
from tests.conftest import ROOT


def test_page_is_current() -> None:
    """Else: python workflow/scripts/columns.py."""
    assert (ROOT / "docs/columns.md").read_text("utf-8") == page(modules())


def test_a_column_of_two_measurements_has_one_line() -> None:
    one, two = (ModuleType(f"icgd.analysis.measure_{name}") for name in ("one", "two"))
    rate = Column("Float64", "the rate |η|", "rates")
    vars(one)["COLUMNS"] = {"rate": rate}
    vars(two)["COLUMNS"] = {"rate": rate, "times": Column("Int64", "how often")}
    assert page([one, two]).splitlines()[-2:] == [
        "| `rate` | Float64 | the rate \\|η\\| (values: its option `rates`) | one, two |",
        "| `times` | Int64 | how often | two |",
    ]
