"""What the figures and the table of the source's settings show, from rows made by hand."""

import numpy as np
import pandas as pd
import pytest

from icgd.analysis.columns import Record
from icgd.analysis.tidy import table
from icgd.plotting.looks import Look, Looks
from icgd.studies.tlig import (
    measure_clipped,
    measure_copying,
    measure_label_rollout,
    measure_shrinkages,
    measure_wave_functions,
    plot_copying,
    plot_label_rollouts,
    plot_plateaus,
    plot_scales,
    plot_softmax_heads,
    plot_source_training,
    table_tlig_lengths,
)
from tests.by_hand import LOOKS, drawn, lines, row, seeds


def test_training_is_shown_on_the_given_axes_in_the_algorithms_colours() -> None:
    found: list[Record] = []
    for step, level in ((0, 0.4), (10, 0.2)):
        found += seeds("model", "bounded_loss", [level, level + 0.02], step=step, bound=10.0)
        for metric, number in (("prediction_l2", 0.3), ("sensitivity_l2", 0.6), ("sensitivity_cosine", 0.9)):
            found += seeds("model", metric, [number, number], step=step, bound=10.0, reference="gd")
        found += seeds("model", "bounded_loss", [9.0, 9.0], step=step)  # without a bound: another panel's
    found.append(row("gd", "bounded_loss", 0.25, bound=10.0))
    panel = {"experiment": "e", "model": "model", "algorithms": ["gd"], "bound": 10.0}
    panel |= {"loss": [0.1, 0.5], "difference": 2.5, "cosine": [0.5, 1.1]}
    figure = drawn(plot_source_training, found, measure_clipped.COLUMNS, LOOKS, panels=[panel])
    loss, difference, cosine = figure.axes
    second = loss.lines[1].get_ydata().tolist()
    assert second == pytest.approx([0.42, 0.22])
    assert lines(loss)["trained"] == ([0, 10], [0.4, 0.2])
    assert lines(loss)["GD"][1] == [0.25, 0.25]
    assert [line.get_ydata().tolist() for line in difference.lines] == [[0.3, 0.3]] * 2 + [[0.6, 0.6]] * 2
    assert {line.get_color() for line in difference.lines} == {LOOKS["gd"].colour}
    assert lines(cosine)["GD"] == ([0, 10], [0.9, 0.9])
    limits = [axes.get_ylim() for axes in (loss, difference, cosine)]
    assert limits == [(0.1, 0.5), (0.0, 2.5), (0.5, 1.1)]
    assert loss.get_title() == "one layer"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["trained", "GD"]
    deep = Look("GD++ 12, per step", "#CC79A7")
    assert plot_source_training.at_any_depth(deep) == Look("GD++, per step", "#CC79A7")


def test_scales_have_the_training_law_at_one_and_the_last_step() -> None:
    found: list[Record] = []
    for option, setting, level in (
        (None, None, 0.2),
        ("input_scale", "2.0", 8.0),
        ("weight_scale", "5.0", 5.0),
    ):
        where = {} if option is None else {"option": option, "setting": setting}
        found += [*seeds("model", "loss", [level, level], **where), row("gd", "loss", level, **where)]
    found += seeds("model", "loss", [0.4, 0.4], step=0)
    panels = [
        {"experiment": "e", "option": option, "learners": ["gd", "model"], "bound": None, "title": "t"}
        for option in ("input_scale", "weight_scale")
    ]
    inputs, weights = drawn(plot_scales, found, {}, LOOKS, panels=panels).axes
    assert lines(inputs) == {name: ([1.0, 2.0], [0.2, 8.0]) for name in ("GD", "trained")}
    assert lines(weights)["trained"] == ([1.0, 5.0], [0.2, 5.0])
    assert (inputs.get_yscale(), inputs.get_xlabel()) == ("log", r"input scale $\alpha$")


def test_every_damping_has_a_panel() -> None:
    found: list[Record] = []
    for damping in (0.75, 1.0):
        for times in (2, 1):
            found += seeds("model", "loss", [damping * times] * 2, damping=damping, times=times)
            found.append(row("gd", "loss", 0.1, damping=damping, times=times))
    found += seeds("model", "loss", [9.0, 9.0])  # of no roll-out
    figure = drawn(plot_label_rollouts, found, measure_label_rollout.COLUMNS, LOOKS, learners=["gd", "model"])
    first, second = figure.axes
    assert [first.get_title(), second.get_title()] == [r"$\lambda=1$", r"$\lambda=0.75$"]
    assert lines(second) == {"trained": ([1, 2], [0.75, 1.5]), "GD": ([1, 2], [0.1, 0.1])}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["GD", "trained"]


def test_every_seed_has_a_line_beside_the_algorithm() -> None:
    found: list[Record] = []
    for step, level in ((0, 0.42), (50, 0.3)):
        found += seeds("model", "loss", [level, level + 0.1], step=step)
        found += seeds("ols", "loss", [0.25], step=step)
    found.append(row("gd", "loss", 0.21))
    options = {"heads": ["model"], "fixed": ["ols"], "level": "gd"}
    heads, fixed = drawn(plot_plateaus, found, {}, LOOKS, **options).axes
    runs = [[*map(float, line.get_ydata())] for line in heads.lines]
    assert runs == [pytest.approx([0.42, 0.3]), pytest.approx([0.52, 0.4]), [0.21, 0.21]]
    assert lines(fixed)["least squares"] == ([0, 50], [0.25, 0.25])


def test_softmax_heads_are_weighted_by_what_they_write() -> None:
    found: list[Record] = []
    matrices = {1: np.array([[1.0, 2.0], [3.0, 4.0]]), 2: np.array([[-1.0, 0.0], [0.0, 1.0]])}
    for head, matrix in matrices.items():
        for (line, column), entry in np.ndenumerate(matrix):
            where = {"head": head, "row": line, "column": column}
            found += seeds("model", "key_query", [entry, 99.0], **where)
            found += seeds(
                "model", "projection_value", [10.0 * head if line == column == 1 else 7.0], **where
            )
    figure = drawn(plot_softmax_heads, found, {}, LOOKS, learner="model")
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes[:3]]
    expected = [10 * matrices[1], 20 * matrices[2], 10 * matrices[1] + 20 * matrices[2]]
    for ours, theirs in zip(shown, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [axes.get_title() for axes in figure.axes[:3]] == ["head 1", "head 2", "sum"]


def test_functions_losses_and_sensitivities_have_a_panel_each() -> None:
    columns = measure_copying.COLUMNS | measure_wave_functions.COLUMNS
    found: list[Record] = [row("gd", "loss", 0.2)]
    for example, (x, y) in enumerate(((1.0, 0.1), (-1.0, 0.2))):
        found.append(row("examples", "example_x", x, prompt=0, example=example))
        found.append(row("examples", "example_y", y, prompt=0, example=example))
    for query in (1.0, -1.0):
        found += seeds("model", "before_layer", [0.3], prompt=0, query=query)
        found += seeds("model", "after_layer", [0.5 * query], prompt=0, query=query)
    for step, own in ((0, 3.16), (20, 3.4)):
        found += seeds("ols", "loss", [own / 10], step=step)
        for token in ("own", "next", "other"):
            found += seeds(
                "ols", "sensitivity_norm", [own if token == "own" else 0.1], step=step, token=token
            )
    options = {"waves": ["model"], "tokens": "ols", "level": "gd"}
    left, middle, right = drawn(plot_copying, found, columns, LOOKS, **options).axes
    assert lines(left)["examples"] == ([1.0, -1.0], [0.1, 0.2])
    assert lines(left)["trained"] == ([-1.0, 1.0], [-0.5, 0.5])
    assert lines(middle)["least squares"] == ([0, 20], pytest.approx([0.316, 0.34]))
    assert lines(middle)["GD"][1] == [0.2, 0.2]
    assert lines(right)["own token"] == ([0, 20], [3.16, 3.4])
    assert set(lines(right)) == {"own token", "next token", "all others"}


def test_a_row_of_lengths() -> None:
    found: list[Record] = []
    shortest, longer = ("transformer_recurrent_2", "gdpp_2"), ("tlig_looped_2", "tlig_gdpp_2")
    for experiment, setting, names, shift in (
        ("tlig", None, shortest, 0.0),
        ("tlig_lengths", None, longer, 0.1),
        ("tlig_lengths", "50", longer, 0.2),
    ):
        where = {"experiment": experiment}
        where |= {} if setting is None else {"option": "context_length", "setting": setting}
        for name, gamma in zip(names, (0.2, 0.3), strict=True):
            values = {"shrinkage_per_example": gamma + shift, "rate_per_example": 1 + gamma}
            for metric, number in values.items():
                found.append(row(name, metric, number, seed=0, step=5, **where))
        for metric, number in (("smallest_eigenvalue", 0.01), ("largest_eigenvalue", 7.71)):
            found.append(row("inputs", metric, number, **where))
    metrics: pd.DataFrame = table(found, measure_shrinkages.COLUMNS)
    eigenvalues = r"\ensuremath{0.0100} & \ensuremath{7.71} \\"
    assert table_tlig_lengths.latex(metrics, Looks(), 0.95).splitlines() == [
        rf"10 & 0.179 & $0.200$ & $0.300$ & $1.200$ & $1.300$ & {eigenvalues}",
        rf"25 & 0.099 & $0.300$ & $0.400$ & $1.200$ & $1.300$ & {eigenvalues}",
        rf"50 & 0.056 & $0.400$ & $0.500$ & $1.200$ & $1.300$ & {eigenvalues}",
    ]
