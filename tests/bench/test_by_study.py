"""Costs by study and kind of job."""

import math

import pandas as pd
import pytest

from icgd.bench.by_study import by_study


def costs() -> pd.DataFrame:
    rows = [
        ("depth", "train", "one/test/a.0-4", 10.0, 1.0, 3.0, 5, 5),
        ("depth", "train", "one/test/b.0-0", 6.0, 1.0, 1.0, 5, 0),
        ("depth", "compare", "one/test/m", 8.0, 2.0, 4.0, 3, 0),
        ("", "metrics", "all", 2.0, 1.0, 0.0, 0, 0),
    ]
    return pd.DataFrame(
        rows, columns=["study", "rule", "name", "cpu", "start", "compiling", "compiled", "cached"]
    )


def test_costs_are_summed_by_study_and_rule() -> None:
    table = by_study(costs(), {"one/test/a": 4.0, "one/test/b": 8.0}, rate=2.0)
    found = {(row["study"], row["rule"]): row for row in table.to_dict("records")}
    train = found["depth", "train"]
    assert (train["jobs"], train["cpu"], train["compiled"], train["cached"]) == (2, 16, 10, 5)
    assert [train[f"{part}_share"] for part in ("start", "compiling", "computing")] == [
        2 / 16,
        4 / 16,
        10 / 16,
    ]
    assert train["flops"] == 5 * 4 + 8
    assert train["matmul_share"] == pytest.approx(28 / 10 / 2)
    assert math.isnan(found["depth", "compare"]["flops"])
    assert found["whole", "metrics"]["cpu"] == 2
    assert (found["all", "all"]["cpu"], found["all", "all"]["jobs"]) == (26, 4)
    assert found["all", "compare"]["compiling_share"] == 0.5
