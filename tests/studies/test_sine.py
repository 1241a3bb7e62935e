"""Sine waves: algorithms on a model's own features, functions, closed forms, and their figure."""

from pathlib import Path

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest

from icgd.algorithms.smoothers import Trivial
from icgd.analysis.columns import Record
from icgd.analysis.study import Study, alone
from icgd.analysis.tidy import rows
from icgd.constructions.gradient_layer import gradient_layer
from icgd.models.feature_models import Affine, OnFeatures
from icgd.plotting.looks import Look, Looks
from icgd.prompt import Prompt
from icgd.studies.sine import measure_functions, plot_waves
from tests.studies.handmade import drawn, figure_table, make_experiment, make_study, measured, seeds, values

N, RATES = 4, (0.05, 0.2)
START = np.array([[0.3, -0.1]])
TASK = {"module": "icgd.tasks.sine_waves", "name": "SineWaves", "options": {"context_length": N}}


def model(rate: float) -> OnFeatures:
    """On (x, 1): one layer that takes a gradient step from START."""
    return OnFeatures(Affine(), gradient_layer(jnp.asarray(START), rate, N))


def affine(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x, np.ones_like(x[..., :1])], axis=-1)


def before_and_step(x: np.ndarray, y: np.ndarray, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W₀φ(x_q) and what a step at rate one adds to it, for stacks of prompts."""
    phi, asked = affine(x), affine(query)
    residual = y - phi @ START.T
    moved = np.einsum("pjm,pjd,pd->pm", residual, phi, asked) / N
    return asked @ START.T, moved


@pytest.fixture
def study(tmp_path: Path, double: None) -> Study:
    generator = np.random.default_rng(0)
    x, y, query = (generator.normal(size=shape) for shape in ((6, N, 1), (6, N, 1), (6, 1)))
    prompts = Prompt(*map(jnp.asarray, (x, y, query)))
    learners = {"layer": seeds(*map(model, RATES)), "zero": alone(Trivial())}
    return make_study(
        tmp_path, prompts, generator.normal(size=(6, 1)), learners, task=TASK, fitting_prompts=200
    )


def test_own_step_is_the_step_at_the_best_rate(study: Study) -> None:
    found = measured(
        measure_functions, study, learners=[], transformers=["layer"], bests=[], prompts=6, points=3
    )
    fitted_on, targets = jax.tree.map(np.asarray, study.fitting_prompts())
    start, moved = before_and_step(fitted_on.x, fitted_on.y, fitted_on.query)
    best = float((moved * (targets - start)).sum() / (moved**2).sum())
    stored, _ = jax.tree.map(np.asarray, study.prompts())
    start, moved = before_and_step(stored.x, stored.y, stored.query)
    reached = (start + best * moved) ** 2
    expected = [((rate - best) ** 2 * moved**2).mean() / reached.mean() for rate in RATES]
    np.testing.assert_allclose(values(found, metric="error", reference="own_step"), expected, rtol=1e-5)
    apart = [abs(rate - best) * abs(moved).mean() for rate in RATES]
    np.testing.assert_allclose(values(found, metric="prediction_l2", reference="own_step"), apart, rtol=1e-5)
    assert min(values(found, metric="error", reference="own_ridge")) > 0


def test_functions_before_and_after_the_examples(study: Study) -> None:
    options = {"learners": ["layer"], "transformers": [], "bests": [], "shown": 1, "points": 3}
    found = measured(measure_functions, study, **options)
    stored, _ = jax.tree.map(np.asarray, study.prompts(count=1))
    assert sorted(set(found["query"].dropna())) == [-5, 0, 5]
    assert set(found["prompt"].dropna()) == {0}
    for query in (-5.0, 0.0, 5.0):
        start, moved = before_and_step(stored.x, stored.y, np.array([[query]]))
        assert values(found, metric="before", query=query) == pytest.approx([start.item()] * 2)
        after = [(start + rate * moved).item() for rate in RATES]
        assert values(found, metric="after", query=query) == pytest.approx(after)
    for metric, shown in (("x", stored.x), ("y", stored.y)):
        assert values(found, learner="examples", metric=metric) == pytest.approx(shown[0, :, 0].tolist())


def test_losses_against_bounds(study: Study) -> None:
    found = measured(measure_functions, study, learners=[], transformers=["layer"], bests=["zero"], prompts=6)
    stored, targets = jax.tree.map(np.asarray, study.prompts())
    start, moved = before_and_step(stored.x, stored.y, stored.query)
    losses = [((start + rate * moved - targets) ** 2).mean() for rate in RATES]
    expected = [loss / (targets**2).mean() - 1 for loss in losses]
    np.testing.assert_allclose(values(found, metric="relative_excess_over_bound", reference="zero"), expected)


def test_exact_losses(study: Study) -> None:
    """Residuals around the mean wave have E[A²] = 0.31/3 and the moments of sin and cos on (−5, 5)."""
    found = measured(measure_functions, study, learners=[], transformers=[], bests=[])
    square, mean = 0.31 / 6, (0.3 * 2 / np.pi) ** 2
    sine, cosine = 0.5 - np.sin(10) / 20, 0.5 + np.sin(10) / 20
    wave = 0.5 * (square * sine + (square - mean) * cosine)
    assert values(found, learner="mean_wave", metric="exact_loss") == pytest.approx([wave])
    layer, step = (
        values(found, learner=f"best_{name}", metric="exact_loss")[0] for name in ("layer", "step")
    )
    assert layer < step < wave


def test_reads_what_is_named() -> None:
    options = {"learners": ["a", "b"], "transformers": ["b"], "bests": ["c"]}
    assert measure_functions.reads(make_experiment(), options) == ["a", "b", "c"]


LOOKS = Looks(
    meta=Look("one step", "#110000", "s"),
    wave_transformer=Look("transformer", "#220000", "o"),
    best_step=Look("best step", "#330000", "P"),
    best_layer=Look("best layer", "#440000", "^"),
)


def test_figure_of_losses_and_functions() -> None:
    records: list[Record] = [
        {"learner": "meta", "seed": seed, "step": step, "metric": "bounded_loss", "value": value + seed}
        for seed in (0, 1)
        for step, value in ((0, 3.0), (10, 1.0))
    ]
    records += [
        {"learner": name, "metric": "bounded_loss", "value": value}
        for name, value in (("best_step", 0.5), ("best_layer", 0.25))
    ]
    shifted = {"option": "input_scale", "setting": "2.0", "metric": "bounded_loss", "value": 9.0}
    records.append({"learner": "best_step"} | shifted)
    for name, at in (("meta", 0.0), ("wave_transformer", 10.0)):
        records += [
            {"learner": name, "seed": 0, "step": 10, "metric": part, "value": at + value}
            | {"prompt": prompt, "query": query}
            for prompt in (0, 1)
            for part, value in (("before", 1.0 + prompt), ("after", 2.0 + prompt))
            for query in (5.0, -5.0)
        ]
    records += [
        {"learner": "examples", "metric": metric, "value": value + j, "prompt": prompt, "example": j}
        for prompt in (0, 1)
        for j in (1, 0)
        for metric, value in (("x", 0.5), ("y", 7.0 + prompt))
    ]
    shown = figure_table(plot_waves, records, measure_functions)
    assert rows(shown, option=...).empty
    figure = plot_waves.draw(shown, LOOKS, learners=["meta"], prompts=2)
    losses, first, second = figure.axes
    curve, *floors = losses.lines
    np.testing.assert_allclose(drawn(curve), [[0, 3.5], [10, 1.5]])
    assert (curve.get_label(), curve.get_color()) == ("one step", "#110000")
    assert [(drawn(line)[:, 1][0], line.get_label()) for line in floors] == [
        (0.5, "best step"),
        (0.25, "best layer"),
    ]
    for prompt, panel in enumerate((first, second)):
        examples, *functions = panel.lines
        np.testing.assert_allclose(drawn(examples), [[0.5, 7 + prompt], [1.5, 8 + prompt]])
        shown_of = [
            (line.get_label(), *drawn(line)[:, 1].tolist(), line.get_linestyle()) for line in functions
        ]
        assert shown_of == [
            ("one step, before", 1 + prompt, 1 + prompt, "-"),
            ("one step, after", 2 + prompt, 2 + prompt, "-"),
            ("transformer, before", 11 + prompt, 11 + prompt, "--"),
            ("transformer, after", 12 + prompt, 12 + prompt, "--"),
        ]
        np.testing.assert_array_equal(drawn(functions[0])[:, 0], [-5, 5])
    plt.close(figure)
