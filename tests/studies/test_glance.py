"""The figure of the idea: a prompt on a line, what each example adds, and the step down the loss."""

from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from icgd.algorithms.descent import gradient_step
from icgd.analysis.study import alone
from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks
from icgd.prompt import Prompt
from icgd.studies.one_step import measure_glance, plot_glance
from icgd.tasks.linear_regression import LinearRegression
from tests.by_hand import LOOKS, drawn, fixed, hand_made, measured, row, seeds, value

TASK = LinearRegression(dimension=2, context_length=4)
STORED = Prompt(jnp.zeros((1, 4, 2)), jnp.zeros((1, 4, 1)), jnp.zeros((1, 2)))


def test_prompt_lies_on_a_line(double: None) -> None:
    prompt = measure_glance.on_a_line(TASK, jax.random.key(0), 2.0, 0.0, 0.3)
    assert prompt.x.tolist() == [[-0.375, 0], [-0.125, 0], [0.125, 0], [0.375, 0]]
    assert prompt.y[:, 0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert prompt.query.tolist() == pytest.approx([0.3, 0])


def test_lines_and_contributions_of_learners(tmp_path: Path, double: None) -> None:
    """A learner that ignores the examples is given nothing by them; a step is given the whole prediction."""
    learners = {"model": fixed([2.0, 5.0], [3.0, 5.0]), "gd": alone(gradient_step(TASK, jax.random.key(0)))}
    study = hand_made(tmp_path, learners, STORED, [[0.0]])
    table = measured(measure_glance, study, learners=["model", "gd"], query=0.4)
    assert set(rows(table, metric="prediction")["query"]) == {-0.5, 0.0, 0.4, 0.5}
    at = rows(table, learner="model", metric="prediction", query=0.4)
    assert at["value"].tolist() == pytest.approx([0.8, 1.2])
    assert not rows(table, learner="model", metric="contribution")["value"].any()
    parts = rows(table, learner="gd", metric="contribution")["value"]
    step = value(rows(table, learner="gd", metric="prediction", query=0.4))
    assert len(parts) == TASK.context_length
    assert parts.sum() == pytest.approx(step)
    assert step > 0


def test_figure_shows_prompt_sum_line_and_loss() -> None:
    """Examples (−1, −2) and (1, 2): least squares has slope 2 and loss 0; before the layer the loss is 2."""
    found = [
        row("examples", metric, sign * size, example=j)
        for metric, size in (("x", 1.0), ("y", 2.0))
        for j, sign in enumerate((-1, 1))
    ]
    for query in (-0.5, 0.5):
        found += seeds("model", "prediction", [query, query], query=query)
        found += [row("gd", "prediction", 1.2 * query, query=query)]
    for j, part in enumerate((0.1, 0.4)):
        found += seeds("model", "contribution", [part, part], example=j, query=0.5)
        found += [row("gd", "contribution", part + 0.05, example=j, query=0.5)]
    figure = drawn(
        plot_glance, found, measure_glance.COLUMNS, Looks(LOOKS), layer="model", step="gd", best="ols"
    )
    tokens, sums, line, loss = figure.axes
    assert tokens.collections[0].get_array().filled(9).tolist() == [[-1, 1, 0.5], [-2, 2, 9]]
    assert [bar.get_height() for bar in sums.patches] == pytest.approx([0.1, 0.4, 0.5])
    assert sums.lines[1].get_ydata().tolist() == pytest.approx([0.6])
    drawn_lines = {artist.get_color(): artist.get_ydata()[-1] for artist in line.lines[2:]}
    assert drawn_lines == {
        LOOKS[name].colour: pytest.approx(1.1 * slope)
        for name, slope in (("model", 1.0), ("gd", 1.2), ("ols", 2.0))
    }
    points = [(artist.get_xdata()[0], artist.get_ydata()[0]) for artist in loss.lines[1:]]
    assert points == [pytest.approx(point) for point in ((0, 2), (1, 0.5), (1.2, 0.32), (2, 0))]
    assert {text.get_text() for text in loss.texts} == {"before", "trained", "GD", "least squares", ""}
