"""Verdicts on claims, on tables of a few rows."""

from typing import Any

import pandas as pd
import pytest

from icgd.analysis.claims import FAILS, HOLDS, NoRowsError, chosen, grouped, judged
from icgd.analysis.columns import Column
from icgd.analysis.tidy import table
from tests.by_hand import row, seeds

TIMES = {"times": Column("Int64", "how often")}
NAN, INFINITE = float("nan"), float("inf")


def claim(**changes: Any) -> dict[str, Any]:
    """A claim that the mean loss is below one, unless a comparison is among the changes."""
    base: dict[str, Any] = {"statement": "s", "origin": "o", "fixed": "before", "over": "mean"}
    base |= {"kind": "finding", "experiment": "e", "learner": "ours", "metric": "loss"}
    compared = changes.keys() & {"below", "above", "between", "equals"}
    return base | ({} if compared else {"below": 1.0}) | changes


@pytest.mark.parametrize(
    ("values", "changes", "verdict"),
    [
        ([0.8, 0.9], {}, FAILS),  # the interval's far end is above 1
        ([0.89, 0.9], {}, HOLDS),
        ([0.5, 1.1], {"over": "max"}, FAILS),
        ([0.5, 0.99], {"over": "max"}, HOLDS),
        ([1.2, 1.1], {"over": "min", "above": 1.0}, HOLDS),
        ([1.2, 0.9], {"over": "min", "above": 1.0}, FAILS),
        ([-0.2, 0.1], {"over": "max_abs", "below": 0.15}, FAILS),
        ([-0.2, 0.1], {"over": "max_abs", "below": 0.25}, HOLDS),
        ([0.50, 0.51], {"between": [0.4, 0.6]}, HOLDS),
        ([0.40, 0.51], {"between": [0.4, 0.6]}, FAILS),  # the interval is wider than that
        ([2.0, 2.1], {"over": "max", "equals": [2.0, 0.2]}, HOLDS),
        ([2.0, 2.3], {"over": "max", "equals": [2.0, 0.2]}, FAILS),
        ([NAN, INFINITE], {"over": "max"}, FAILS),
        ([NAN, 0.5], {"over": "max"}, FAILS),
    ],
)
def test_verdicts(values: list[float], changes: dict[str, Any], verdict: str) -> None:
    found = judged("X", claim(**changes), table(seeds("ours", "loss", values), {}), 0.95)
    assert found["verdict"] == verdict


def test_a_verdict_says_what_was_compared() -> None:
    found = judged(
        "X", claim(over="max", equals=[2.0, 0.2]), table(seeds("ours", "loss", [1.9, 2.1]), {}), 0.95
    )
    assert (found["id"], found["comparison"], found["threshold"], found["value"]) == (
        "X",
        "equals",
        "2.0 0.2",
        2.1,
    )


@pytest.mark.parametrize(
    ("records", "over", "seeds", "chance"),
    [
        (seeds("ours", "loss", [0.5, 0.6, 0.7]), "max", 3, 0.125),
        (seeds("ours", "loss", [0.5, 0.6, 0.7]), "mean", 3, 0.025),
        (
            [*seeds("ours", "loss", [0.5, 0.6], times=1), *seeds("ours", "loss", [0.1, 0.2], times=2)],
            "min",
            2,
            0.25,
        ),
        ([row("ours", "loss", 0.5)], "max", 1, 0.5),
    ],
)
def test_chance_counts_seeds_and_not_rows(
    records: list[dict[str, Any]], over: str, seeds: int, chance: float
) -> None:
    where = {"times": "*"} if "times" in records[0] else {}
    found = judged("X", claim(over=over, where=where), table(records, TIMES), 0.95)
    assert (found["seeds"], found["chance"]) == (seeds, pytest.approx(chance))


def test_groups_follow_the_claim_that_stands_for_them() -> None:
    claims = [("B2", "B1"), ("F", "F"), ("A", "A"), ("B1", "B1"), ("A2", "A"), ("C2", "C1"), ("C3", "C1")]
    found = pd.DataFrame(claims, columns=["id", "group"])
    found["kind"] = ["fact" if name == "F" else "finding" for name in found["id"]]
    assert grouped(found)["id"].tolist() == ["A", "A2", "B1", "B2", "C2", "C3", "F"]
    assert grouped(found.iloc[:0]).empty


@pytest.fixture
def many() -> pd.DataFrame:
    """A loss on the law at two steps of training, under two shifts, to two references and at two times."""
    records = [*seeds("ours", "loss", [9.0, 9.0], step=5), *seeds("ours", "loss", [1.0, 2.0])]
    records += seeds("ours", "loss", [3.0], option="scale", setting="0.5")
    records += seeds("ours", "loss", [4.0], option="scale", setting="2.0")
    records += seeds("ours", "loss", [5.0], option="inputs", setting="normal")
    records += seeds("ours", "loss", [6.0], reference="a") + seeds("ours", "loss", [7.0], reference="b")
    records += seeds("ours", "loss", [8.0], times=1) + seeds("ours", "loss", [10.0], times=2)
    return table([*records, row("other", "loss", 11.0)], TIMES)


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ({}, [1.0, 2.0]),  # columns that are not mentioned are empty
        ({"option": "scale"}, [3.0, 4.0]),
        ({"option": "scale", "setting": 2.0}, [4.0]),
        ({"option": "*"}, [3.0, 4.0, 5.0]),
        ({"reference": "a"}, [6.0]),
        ({"reference": "*"}, [6.0, 7.0]),
        ({"times": 2}, [10.0]),
        ({"times": "*"}, [8.0, 10.0]),
    ],
)
def test_rows_are_chosen_by_columns(many: pd.DataFrame, where: dict[str, Any], values: list[float]) -> None:
    assert chosen(many, claim(where=where))["value"].tolist() == values


@pytest.mark.parametrize("where", [{"reference": "c"}, {"times": "*", "reference": "a"}, {"nothing": "x"}])
def test_a_claim_about_no_rows_is_an_error(many: pd.DataFrame, where: dict[str, Any]) -> None:
    with pytest.raises(NoRowsError, match="e/ours/loss"):
        chosen(many, claim(where=where))
