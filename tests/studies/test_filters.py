"""Spectral filters that are estimated from sensitivities, and their figure."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from icgd.algorithms.descent import GradientDescent
from icgd.algorithms.least_squares import Ridge
from icgd.algorithms.spectral_filters import RidgeFilter
from icgd.analysis.columns import Record
from icgd.analysis.study import alone
from icgd.analysis.tidy import rows
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.spec.config import load
from icgd.studies.atlas import measure_filters, plot_filters
from icgd.studies.atlas.measure_filters import KNOTS
from tests.by_hand import LOOKS, drawn, hand_made, lines, measured, row, seeds, value

COUNT, N, D = 200, 6, 3


class Turned(Learner):
    """A quarter of the weights along every direction, turned by a right angle in the first two."""

    share: Float[Array, "*s"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        weights = jnp.linalg.lstsq(prompt.x, prompt.y)[0]
        turn = jnp.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]])
        return (self.share * (weights + turn @ weights).T @ prompt.query)[None]


@pytest.fixture
def found(tmp_path: Path, double: None) -> dict[str, tuple[dict[float, float], float]]:
    """Of each learner the response by knot and the share off the filter."""
    generator = np.random.default_rng(0)
    x, w, query = (generator.uniform(-1, 1, size=s) for s in ((COUNT, N, D), (COUNT, D, 1), (COUNT, D)))
    prompts = Prompt(*map(jnp.asarray, (0.5 * x, 0.5 * x @ w, query)))
    learners = {
        "gd": GradientDescent(jnp.array([2.0])),
        "ridge": RidgeFilter(jnp.asarray(0.06)),
        "ols": Ridge(jnp.zeros(())),
        "turned": Turned(jnp.asarray(0.25)),
    }
    study = hand_made(
        tmp_path, {k: alone(v) for k, v in learners.items()}, prompts, np.einsum("pdm,pd->pm", w, query)
    )
    table = measured(measure_filters, study, learners=list(learners), prompts=COUNT)

    def of(name: str) -> tuple[dict[float, float], float]:
        mine = rows(table, learner=name, metric="response")
        curve = dict(zip(mine["knot"].astype(float), mine["value"].astype(float), strict=True))
        return curve, value(rows(table, learner=name, metric="off_filter"))

    return {name: of(name) for name in learners}


def test_filters_are_found_and_nothing_is_left(found: dict[str, tuple[dict[float, float], float]]) -> None:
    """A gradient step's p(λ) = ηλ is linear and exact; that of ridge bends a little between the knots."""
    expected: dict[str, Any] = {"gd": lambda s: 2 * s, "ridge": lambda s: s / (s + 0.01), "ols": np.ones_like}
    for name, response in expected.items():
        curve, off = found[name]
        inner = {knot: p for knot, p in curve.items() if 0.005 < knot < 0.2}
        assert len(inner) > 8
        for knot, p in inner.items():
            assert p == pytest.approx(float(response(knot)), abs=1e-5 if name != "ridge" else 0.02), (
                name,
                knot,
            )
        assert off < (1e-8 if name != "ridge" else 1e-3), name


def test_what_no_filter_does_is_left(found: dict[str, tuple[dict[float, float], float]]) -> None:
    """Of w and a turned part, whose squares have the ratio 3 to 2, the filter explains the first."""
    curve, off = found["turned"]
    middle = [p for knot, p in curve.items() if 0.02 < knot < 0.1]
    np.testing.assert_allclose(middle, 0.25, atol=0.08)
    assert off == pytest.approx(2 / 5, abs=0.06)


def test_knots_that_no_eigenvalue_reaches_are_left_out(
    found: dict[str, tuple[dict[float, float], float]],
) -> None:
    curve, _ = found["gd"]
    assert 0 < len(curve) < len(KNOTS)
    assert not any(np.isnan(list(curve.values())))


def test_figure_shows_a_model_beside_its_rivals() -> None:
    records: list[Record] = []
    for knot, model, rival in ((0.1, 0.2, 0.4), (0.01, 0.1, 0.5)):
        records += seeds("model", "response", [model, model + 0.2], knot=knot)
        records.append(row("gd", "response", rival, knot=knot))
        records.append(row("ols", "response", 1.0, knot=knot))
    records.append(row("gd", "off_filter", 0.5))
    panels, names = [["model", "gd"], ["model", "gd", "ols"]], ["descent", "exact"]
    figure = drawn(plot_filters, records, measure_filters.COLUMNS, LOOKS, panels=panels, names=names)
    first, second = figure.axes
    assert lines(first) == {
        "trained": ([0.01, 0.1], pytest.approx([0.8, 0.7])),
        "descent": ([0.01, 0.1], pytest.approx([0.5, 0.6])),
    }
    assert list(lines(second)) == ["trained", "descent", "exact"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["trained", "descent", "exact"]
    assert [first.get_title(), second.get_title()] == ["one layer", "one layer"]


def test_what_the_figure_shows_is_measured() -> None:
    config = load([])
    panels = config.figures["filters"].options["panels"]
    measured_learners = config.experiments["atlas"].measurements["filters"]["learners"]
    assert {name for panel in panels for name in panel} <= set(measured_learners)
