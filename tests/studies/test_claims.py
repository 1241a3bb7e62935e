"""Every claim of the published config holds on some table and fails on another: one bad seed is enough."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from icgd.analysis.claims import ANY, FAILS, HOLDS, judged
from icgd.analysis.columns import SHARED, Column, Metric
from icgd.analysis.tidy import table
from icgd.checks.experiments import Checker
from icgd.checks.products import modules_of
from icgd.spec.config import load

CONFIG = load([])
CHECKER = Checker(CONFIG)


def declared(claim: Mapping[str, Any]) -> tuple[Metric, dict[str, Column]]:
    """The claim's metric, as the measurement that yields it declares it, and its columns."""
    own = claim["where"].keys() - {"option", "setting"}
    for module in modules_of(CHECKER, claim["experiment"], claim["where"].get("option")):
        metric = module.METRICS.get(claim["metric"])
        if metric and set(metric.by) == own:
            return metric, SHARED | dict(module.COLUMNS)
    raise AssertionError(f"no measurement yields {claim}")


def row(claim: Mapping[str, Any], columns: Mapping[str, Column], seed: int, value: float) -> dict[str, Any]:
    """A row that the claim is about; columns that may have any value get one of their type."""
    where = dict(claim["where"])
    if "option" in where:
        where = {"option": "some", "setting": "1.0"} | where
        where["setting"] = str(where["setting"])
        where["option"] = "some" if where["option"] == ANY else where["option"]
    filled = {
        name: ("some" if columns[name].dtype == "string" else 1) if found == ANY else found
        for name, found in where.items()
        if name not in ("option", "setting")
    }
    shared = {key: claim[key] for key in ("experiment", "learner", "metric")}
    return {**shared, **where, **filled, "seed": seed, "step": 10, "value": value}


def ends(claim: Mapping[str, Any]) -> tuple[float, float]:
    """A value with which the claim holds, and one with which it fails."""
    if (threshold := claim.get("below")) is not None:
        margin = 0.5 * abs(threshold) or 1.0
        good = 0.0 if claim["over"] == "max_abs" else threshold - margin
        return good, threshold + margin
    if (threshold := claim.get("above")) is not None:
        margin = 0.5 * abs(threshold) or 1.0
        return threshold + margin, threshold - margin
    low, high = claim.get("between") or (claim["equals"][0] - claim["equals"][1], sum(claim["equals"]))
    return (low + high) / 2, high + (high - low)


@pytest.mark.parametrize("name", CONFIG.claims)
def test_claim_holds_and_fails(name: str) -> None:
    claim = CONFIG.claims[name].model_dump()
    _, columns = declared(claim)
    good, bad = ends(claim)

    def verdict(*values: float) -> str:
        records = [row(claim, columns, seed, value) for seed, value in enumerate(values)]
        return str(judged(name, claim, table(records, columns), 0.95)["verdict"])

    assert verdict(good, good, good) == HOLDS
    assert verdict(bad, bad, bad) == FAILS
    assert verdict(good, good, np.nan) == FAILS
    if claim["over"] != "mean":
        assert verdict(good, bad, good) == FAILS


def test_groups_are_few_and_led_by_findings() -> None:
    heads = [name for name, claim in CONFIG.claims.items() if claim.kind == "finding" and claim.group is None]
    led = {claim.group for claim in CONFIG.claims.values() if claim.group}
    assert led <= set(heads)
    assert len(heads) < len(CONFIG.claims) / 2


def test_facts_are_exact() -> None:
    """Thresholds of facts are those of rounding, or far from it where the fact is a difference."""
    facts = {name: claim for name, claim in CONFIG.claims.items() if claim.kind == "fact"}
    assert {"E1.1", "E5.1", "E6.1"} <= facts.keys()
    for claim in facts.values():
        exact = claim.below is not None and claim.below <= 1e-11
        assert exact or claim.equals is not None or (claim.above is not None and claim.above >= 0.01)


def test_two_sided_claims_fail_on_both_sides() -> None:
    claim: dict[str, Any] = {
        "statement": "s",
        "origin": "o",
        "fixed": "before",
        "kind": "finding",
        "experiment": "e",
        "learner": "l",
        "metric": "m",
    }
    claim |= {"where": {}, "over": "mean", "between": [0.0, 1.0]}

    def verdict(values: list[float], **changes: Any) -> str:
        records = [row(claim, {}, seed, value) for seed, value in enumerate(values)]
        return str(judged("X", claim | changes, table(records, {}), 0.95)["verdict"])

    assert verdict([0.5, 0.5]) == HOLDS
    assert verdict([-0.5, -0.5]) == verdict([1.5, 1.5]) == FAILS
    assert verdict([0.1, 0.9]) == FAILS, "the interval of the mean is beyond the ends"
    assert verdict([0.5, 0.5], between=None, equals=[0.45, 0.1]) == HOLDS
    assert verdict([0.5, 0.5], between=None, equals=[0.3, 0.1]) == FAILS
