"""Numbers as LaTeX sets them."""

from typing import Any

import pandas as pd

from icgd.analysis.tidy import table
from icgd.spec.selectors import parsed
from icgd.writeup.latex import claims_table, number, shown
from icgd.writeup.numbers import claims, every_seed
from tests.by_hand import seeds


def test_numbers_are_set_for_latex() -> None:
    assert number(0.206234) == r"\ensuremath{0.2062}"
    assert number(2.84e-14) == r"\ensuremath{2.8\times10^{-14}}"
    assert number(float("inf")) == r"\ensuremath{\infty}"
    assert shown("relative_excess_loss", 0.00123) == r"\ensuremath{0.12\,\%}"
    assert shown("relative_excess_loss", 77.2) == r"\ensuremath{7720}\,\%"
    assert shown("relative_excess_loss", 6254.7) == r"\ensuremath{6.3\times10^{5}}\,\%"
    assert shown("relative_excess_loss", 0.0) == "0"


def verdicts() -> pd.DataFrame:
    """Two groups, of which the first has two claims, and a fact."""
    lines = [
        ("A", "A", "finding", "TLIG Fig. 2", "before", "holds", 0.125),
        ("A2", "A", "finding", "this paper", "after", "fails", 0.5),
        ("B", "B", "finding", "discussion", "after", "fails", 0.25),
        ("F", "F", "fact", "TLIG Prop. 1", "before", "holds", 0.5),
    ]
    columns = ["id", "group", "kind", "origin", "fixed", "verdict", "chance"]
    shared: dict[str, Any] = {
        "statement": "s",
        "metric": "loss",
        "over": "max",
        "comparison": "below",
        "value": 0.1,
    }
    return pd.DataFrame(lines, columns=columns).assign(**shared, threshold="0.3")


def test_claims_are_counted_by_group() -> None:
    found = dict(claims(verdicts(), 0.95))
    counts = {name: found[f"claims/{name}"] for name in ("groups", "members", "facts", "late", "all")}
    assert counts == {"groups": "2", "members": "1", "facts": "1", "late": "2", "all": "3"}
    assert (found["claims/groups_hold"], found["claims/members_hold"], found["claims/all_hold"]) == (
        "1",
        "0",
        "1",
    )
    assert (found["claims/published"], found["claims/published_hold"], found["claims/own_hold"]) == (
        "1",
        "1",
        "0",
    )
    assert found["claims/by_chance"] == "0.4"  # 0.125 + 0.25
    assert found["claims/seeds_needed"] == "6"  # 2⁻⁶ < 0.05/2 < 2⁻⁵
    assert found["claim/A2/verdict"] == "fails"


def test_members_are_set_in_and_facts_below_a_line() -> None:
    lines = claims_table(verdicts()).splitlines()
    starts = [r"\claimline{A} & s", r"\enspace \claimline{A2}", r"\claimline{B}\textsuper", r"\midrule", ""]
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))
    assert lines[0].endswith("holds & \\ensuremath{12\\,\\%} \\\\")
    assert lines[4].endswith("holds &  \\\\")


def test_all_seeds_are_printed_in_order() -> None:
    found = table(seeds("model", "loss", [0.3, 0.1, 0.25]), {})
    values = [rf"\ensuremath{{{value}}}" for value in ("0.1000", "0.2500", "0.3000")]
    assert every_seed(found, parsed("e/model/loss:seeds")) == f"{values[0]}, {values[1]} and {values[2]}"
    assert every_seed(found[:1], parsed("e/model/loss:seeds")) == values[2]
