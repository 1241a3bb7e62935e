"""Distances, intervals, claims and verification on tables small enough to check by hand."""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from icgd.stages.arguments import StageError

from icgd.algorithms.descent import GradientDescent
from icgd.algorithms.smoothers import Trivial
from icgd.analysis.distances import Outputs, distances, loss_metrics, outputs, performance, predict
from icgd.analysis.intervals import GROUP, seed_intervals
from icgd.analysis.measure_alignment import verdicts
from icgd.analysis.study import COLUMNS
from icgd.prompt import Prompt
from icgd.results.tables import save_table
from icgd.stages import verify
from icgd.stages.claims import judge
from icgd.stages.numbers import used_keys
from icgd.stages.verify import report, summary
from icgd.writeup.latex import number, shown

REFERENCES = Path(__file__).parents[1] / "workflow" / "reference"


def metric_table(values: list[float], metric: str = "bounded_loss") -> pd.DataFrame:
    rows = [("one_step", "transformer", i, 10, "test", metric, v) for i, v in enumerate(values)]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"seed": "Int64", "step": "Int64"})


def claim(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {"id": "X", "statement": "s", "source": "TLIG", "experiment": "one_step"}
    base |= {"learner": "transformer", "condition": "test", "metric": "bounded_loss"}
    return base | {"over": "mean", "relation": "below", "threshold": 1.0} | changes


def test_outputs_are_predictions_and_their_query_gradients(double: None) -> None:
    generator = np.random.default_rng(0)
    x, y, query = (jnp.asarray(generator.normal(size=s)) for s in ((6, 4, 3), (6, 4, 1), (6, 3)))
    models = eqx.filter_vmap(GradientDescent)(jnp.array([[0.1], [0.2]]))
    found, few = (outputs(models, Prompt(x, y, query), count) for count in (6, 2))
    slope = jnp.einsum("pnm,pnd->pmd", y, x) / 4
    np.testing.assert_allclose(found.sensitivity[1], 0.2 * slope, rtol=1e-12)
    np.testing.assert_allclose(found.prediction[0], 0.1 * jnp.einsum("pmd,pd->pm", slope, query), rtol=1e-12)
    np.testing.assert_allclose(few.prediction, found.prediction, rtol=1e-12)
    np.testing.assert_allclose(few.sensitivity, found.sensitivity[:, :2], rtol=1e-12)
    np.testing.assert_allclose(predict(models, Prompt(x, y, query)), found.prediction, rtol=1e-12)
    assert outputs(Trivial(), Prompt(x, y, query), 2).prediction.shape == (1, 6, 1)


def test_distances_by_hand() -> None:
    ours = Outputs(jnp.array([[[1.0], [2.0]]]), jnp.array([[[[1.0, 0.0]], [[0.0, 2.0]]]]))
    theirs = Outputs(jnp.array([[[1.5], [0.0]]]), jnp.array([[[[0.0, 1.0]], [[0.0, 1.0]]]]))
    found = distances(ours, theirs, jnp.asarray(10.0))
    assert found["prediction_l2"][0] == pytest.approx(1.25)
    assert found["sensitivity_cosine"][0] == pytest.approx(0.5)
    assert found["sensitivity_l2"][0] == pytest.approx((2**0.5 + 1) / 2)


def test_excess_of_the_reference_is_zero_and_certain() -> None:
    values = jnp.asarray(np.random.default_rng(0).exponential(size=(1, 1000)))
    found = loss_metrics(values, values)
    assert found["relative_excess_loss"][0] == 0
    assert found["relative_excess_loss_standard_error"][0] < 1e-6
    assert found["loss_relative_standard_error"][0] == pytest.approx(1 / 1000**0.5, rel=0.1)


def test_diverged_predictions_are_bounded_counted_and_left_out_of_distances() -> None:
    targets = jnp.ones((4, 1))
    wild = jnp.array([[[1.0], [1.5], [jnp.nan], [-1e30]]])
    calm = jnp.ones((1, 4, 1))
    found = performance(wild, calm + 0.5, targets)
    assert found["diverged_fraction"][0] == 0.5
    assert found["loss"][0] == jnp.inf
    np.testing.assert_allclose(found["bounded_loss"], [0.5 * (0 + 0.25 + 81 + 121) / 4], rtol=1e-6)
    slopes = jnp.ones((1, 4, 1, 2))
    apart = distances(Outputs(wild, slopes), Outputs(calm, slopes), jnp.asarray(10.0))
    assert apart["prediction_l2"][0] == pytest.approx(0.25)
    assert apart["sensitivity_cosine"][0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("distance", "error", "cosine", "holds"),
    [(0.05, 0.01, 0.999, 1), (0.09, 0.01, 0.999, 0), (0.05, 0.01, 0.98, 0), (0.3, 0.01, 0.999, 0)],
)
def test_verdict_needs_both_margins_and_no_nearer_rival(
    distance: float, error: float, cosine: float, holds: int
) -> None:
    metrics = {
        "relative_distance_to_a": jnp.array([distance]),
        "relative_distance_to_a_standard_error": jnp.array([error]),
        "sensitivity_cosine_to_a": jnp.array([cosine]),
        "relative_distance_to_b": jnp.array([0.2]),
        "relative_distance_to_b_standard_error": jnp.array([0.0]),
        "sensitivity_cosine_to_b": jnp.array([1.0]),
    }
    found = verdicts(metrics, ["a", "b"], prediction=0.1, cosine=0.01)
    assert (float(found["is_a"][0]), float(found["is_b"][0])) == (holds, 0)


def test_interval_is_students() -> None:
    row = seed_intervals(metric_table([1.0, 2.0, 3.0]), 0.95).iloc[0]
    assert (row["mean"], row["count"]) == (2.0, 3)
    assert row["high"] - row["mean"] == pytest.approx(4.302653 / 3**0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "changes", "verdict"),
    [
        ([0.8, 0.9], {}, "not replicated"),  # the interval's far end is above 1
        ([0.89, 0.9], {}, "replicated"),
        ([0.5, 1.1], {"over": "max"}, "not replicated"),
        ([0.5, 0.99], {"over": "max", "source": "ours"}, "extended"),
        ([1.2, 1.1], {"over": "min", "relation": "above"}, "replicated"),
        ([float("nan"), float("inf")], {"over": "max"}, "not replicated"),
        ([float("nan"), 0.5], {"over": "max"}, "not replicated"),
    ],
)
def test_verdicts(values: list[float], changes: dict[str, object], verdict: str) -> None:
    assert judge(claim(**changes), metric_table(values), 0.95)["verdict"] == verdict


def test_verify_reports_changed_missing_and_new_values() -> None:
    reference = summary(metric_table([1.0, 1.01]))
    assert report(summary(metric_table([1.0, 1.02])), reference)[1] == 0
    lines, failures = report(summary(metric_table([2.0, 2.02])), reference)
    assert failures == 1
    assert "expected 1.005" in lines[0]
    lines, failures = report(summary(metric_table([1.0], "prediction_l2")), reference)
    assert failures == 2
    assert {line.split(": ")[1] for line in lines[:2]} == {"missing from the run", "not in the reference"}


def test_verify_leaves_out_the_unverified_alone(tmp_path: Path) -> None:
    save_table(tmp_path / "metrics.parquet", metric_table([2.0, 2.02]))
    reference = summary(metric_table([1.0, 1.01]))
    save_table(tmp_path / "reference.csv", reference)
    paths = (tmp_path / "metrics.parquet", tmp_path / "reference.csv", tmp_path / "verify.txt")
    name = f"{reference['experiment'][0]}/{reference['learner'][0]}"
    with pytest.raises(StageError, match="1 values differ"):
        verify.main({"unverified": []}, *paths)
    verify.main({"unverified": [name]}, *paths)
    assert paths[2].exists()


@pytest.mark.parametrize("size", ["paper", "smoke"])
def test_reference_tables_have_one_finite_value_for_every_name(size: str) -> None:
    table = pd.read_csv(REFERENCES / f"{size}.csv")
    assert list(table.columns) == [*GROUP, "mean", "tolerance"]
    assert not table.duplicated(GROUP).any()
    assert np.isfinite(table[["mean", "tolerance"]]).all(axis=None)
    assert (table["tolerance"] > 0).all()


def test_numbers_are_set_for_latex() -> None:
    assert number(0.206234) == r"\ensuremath{0.2062}"
    assert number(2.84e-14) == r"\ensuremath{2.8\times10^{-14}}"
    assert number(float("inf")) == r"\ensuremath{\infty}"
    assert shown("relative_excess_loss", 0.00123) == r"\ensuremath{0.12\,\%}"


def test_keys_of_numbers_are_found_in_the_sources(tmp_path: Path) -> None:
    source = tmp_path / "a.tex"
    source.write_text(r"is $\result{a/b/test/loss}$, at most \result{a/b/size=max/loss}\,\%")
    assert used_keys([source]) == {"a/b/test/loss", "a/b/size=max/loss"}
