"""Student intervals over seeds, and the last step of training."""

import pytest

from icgd.analysis.intervals import final, seed_intervals
from icgd.analysis.tidy import table
from tests.by_hand import row, seeds


def test_interval_is_students() -> None:
    found = seed_intervals(table(seeds("ours", "loss", [1.0, 2.0, 3.0]), {}), 0.95).iloc[0]
    assert (found["mean"], found["count"], found["min"], found["max"]) == (2.0, 3, 1.0, 3.0)
    assert found["high"] - found["mean"] == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert found["mean"] - found["low"] == pytest.approx(found["high"] - found["mean"])


def test_the_largest_size_counts_both_signs() -> None:
    found = seed_intervals(table(seeds("ours", "excess", [-3.0, 2.0]), {}), 0.95).iloc[0]
    assert found["max_abs"] == 3.0


def test_rows_that_differ_in_a_column_are_not_pooled() -> None:
    records = [*seeds("ours", "gap", [1.0, 3.0], reference="a"), *seeds("ours", "gap", [5.0], reference="b")]
    records += [row("a", "loss", 7.0)]
    found = seed_intervals(table(records, {}), 0.95)
    assert dict(zip(found["reference"].fillna("none"), found["mean"], strict=True)) == {
        "a": 2,
        "b": 5,
        "none": 7,
    }
    alone = found[found["count"] == 1]
    assert (alone["low"] == alone["mean"]).all()
    assert (alone["high"] == alone["mean"]).all()


def test_final_keeps_the_last_step_of_each_law_and_what_is_not_trained() -> None:
    records = [row("ours", "loss", float(step), seed=0, step=step) for step in (0, 5, 10)]
    records += [row("ours", "loss", 4.0, seed=0, step=4, option="size", setting="2"), row("gd", "loss", 1.0)]
    kept = final(table(records, {}))
    assert sorted(kept["value"]) == [1.0, 4.0, 10.0]
