"""Depth: losses on fitting prompts, spectra layer by layer, and their figures."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from icgd.algorithms.descent import Fit, GradientDescentPlusPlus
from icgd.algorithms.smoothers import Trivial
from icgd.analysis.columns import Record
from icgd.analysis.study import alone
from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks
from icgd.prompt import Prompt
from icgd.spec.laws import fitting_prompts
from icgd.studies.depth import measure_fitting, measure_spectrum, plot_depth, plot_spectrum
from tests.by_hand import LOOKS, drawn, fixed, hand_made, lines, measured, row, seeds, value

SMALL, LARGE = 0.1, 1.1
"""The eigenvalues of XᵀX of the only prompt."""
DIAGONAL = Prompt(jnp.diag(jnp.sqrt(jnp.array([SMALL, LARGE])))[None], jnp.ones((1, 2, 1)), jnp.ones((1, 2)))
SHRINKAGE = 0.25


def test_fitting_loss_is_over_the_fitting_prompts(tmp_path: Path, double: None) -> None:
    learners = {"zero": fixed((0, 0)), "other": fixed((1, -1))}
    study = hand_made(tmp_path, learners, DIAGONAL, [[1.0]], fitting_prompts=5000)
    table = measured(measure_fitting, study, learners=["zero", "other"])
    prompts, targets = fitting_prompts(study.spec)
    slope = np.asarray(prompts.query, float) @ np.array([1.0, -1.0])
    zero, other = (value(rows(table, learner=name, metric="fitting_loss")) for name in learners)
    assert zero == pytest.approx(0.5 * float(np.mean(np.asarray(targets, float) ** 2)))
    assert zero == pytest.approx(1 / 12, rel=0.1)  # ½·D·σ² at D = 2
    assert other == pytest.approx(0.5 * float(np.mean((slope - np.asarray(targets, float)[:, 0]) ** 2)))


@pytest.fixture
def spectrum(tmp_path: Path, double: None) -> pd.DataFrame:
    rates, shrinkages = jnp.ones(2), jnp.array([SHRINKAGE, 9.0])
    two_steps = GradientDescentPlusPlus(rates, shrinkages, 1, Fit(True, True, 1.0))
    study = hand_made(tmp_path, {"gdpp": alone(two_steps)}, DIAGONAL, [[1.0]])
    return measured(measure_spectrum, study, learners=["gdpp"], prompts=1)


def after(eigenvalue: float) -> float:
    return eigenvalue * (1 - SHRINKAGE * eigenvalue) ** 2


def test_largest_eigenvalues_are_given_before_the_first_and_between_steps(spectrum: pd.DataFrame) -> None:
    found = rows(spectrum, metric="largest_over_mean")
    assert found["layer"].tolist() == [0, 1]
    for layer, (low, high) in enumerate([(SMALL, LARGE), (after(SMALL), after(LARGE))]):
        largest = (low + 0.999 * (high - low)) / ((low + high) / 2)
        assert value(rows(found, layer=layer)) == pytest.approx(largest, rel=1e-5)


def test_densities_are_in_units_of_the_mean_of_each_layer(spectrum: pd.DataFrame) -> None:
    for layer, (low, high) in enumerate([(SMALL, LARGE), (after(SMALL), after(LARGE))]):
        found = rows(spectrum, metric="density", layer=layer)
        assert found["value"].sum() * 0.1 == pytest.approx(1)
        bins = [np.floor(10 * 2 * v / (low + high)) / 10 for v in (low, high)]
        for edge in bins:
            assert value(rows(found, relative_eigenvalue=edge)) == pytest.approx(5)  # half of them in 0.1


def test_gain_is_relative_to_the_smallest_eigenvalues(spectrum: pd.DataFrame) -> None:
    found = rows(spectrum, metric="gain").dropna(subset="value")
    assert found["eigenvalue"].tolist() == [0.0, 1.0]
    gains = [1.0, (1 - SHRINKAGE * LARGE) / (1 - SHRINKAGE * SMALL)]
    np.testing.assert_allclose(found["value"], gains, rtol=1e-5)
    assert rows(found, layer=...).empty


def test_a_spectrum_needs_inputs_between_layers(tmp_path: Path) -> None:
    study = hand_made(tmp_path, {"zero": alone(Trivial())}, DIAGONAL, [[1.0]])
    with pytest.raises(TypeError, match="Trivial has no inputs between layers"):
        measured(measure_spectrum, study, learners=["zero"])


def training() -> list[Record]:
    found = [row("gd", "bounded_loss", 0.2), row("ols", "bounded_loss", 0.1), row("gd", "loss", 9.0)]
    for step, loss in ((0, 0.5), (10, 0.25)):
        for model in ("model", "deep"):
            found += seeds(model, "bounded_loss", [loss, 2 * loss], step=step)
            found += seeds(model, "sensitivity_cosine", [1 - loss, 1 - loss], step=step, reference="gd")
    found += seeds("model", "bounded_loss", [77.0], option="input_scale", setting="2")
    return found


def test_depth_shows_losses_and_cosines_with_each_algorithm() -> None:
    looks = Looks({**LOOKS, "deep": LOOKS["model"]._replace(model=None, label="deep")})
    panels, names = [["model", "gd"], ["deep", "gd", "ols"]], ["descent", "exact"]
    figure = drawn(plot_depth, training(), {}, looks, panels=panels, names=names)
    first, second, below, other = figure.axes
    assert lines(first)["trained"] == ([0, 10], pytest.approx([0.75, 0.375]))
    assert lines(first)["descent"][1] == [0.2, 0.2]
    assert list(lines(second)) == ["deep", "descent", "exact"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["deep", "descent", "exact"]
    for panel in (below, other):  # without rows of a reference there is no curve
        assert lines(panel) == {"GD": ([0, 10], [0.5, 0.75])}
        assert panel.lines[0].get_color() == looks["gd"].colour
    assert [first.get_title(), second.get_title()] == ["one layer", "deep"]


def test_spectrum_shows_a_line_per_layer_and_the_gains() -> None:
    found: list[Record] = []
    names = ["gd", "model"]
    for learner in names:
        for edge, density in ((0.1, 3.0), (0.0, 1.0)):
            for layer in (0, 1):
                where: dict[str, Any] = {"layer": layer, "relative_eigenvalue": edge}
                found += [row(learner, "density", density + layer, **where)]
        found += [
            row(learner, "gain", gain, eigenvalue=s) for s, gain in ((0.0, 1.0), (1.2, 0.5), (1.4, np.nan))
        ]
    by_shown = {
        shown: drawn(plot_spectrum, found, measure_spectrum.COLUMNS, LOOKS, learners=names, shown=shown)
        for shown in ("densities", "gains")
    }
    (first, second), (gains,) = (figure.axes for figure in by_shown.values())
    for panel in (first, second):
        assert lines(panel) == {"0": ([0.0, 0.1], [1.0, 3.0]), "1": ([0.0, 0.1], [2.0, 4.0])}
    assert lines(gains) == {name: ([0.0, 1.2], [1.0, 0.5]) for name in ("GD", "one layer")}
    assert gains.get_xlim() == (0, 2)
    assert [first.get_title(), second.get_title()] == ["GD", "one layer"]
    assert second.get_legend().get_title().get_text() == "after layer"
