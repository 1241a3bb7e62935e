"""Plots that several studies use, on tables of a few rows: what is drawn, and in whose look."""

import pytest

from icgd.analysis import measure_rollout
from icgd.analysis.columns import Record
from icgd.plotting import plot_rollout, plot_shift, plot_training, plot_weights
from tests.by_hand import LOOKS, drawn, lines, row, seeds

CLOSED = row("closed_form", "loss", 0.2)
EXACT = "one step, exact"


def training() -> list[Record]:
    """A learner at steps 0 and 10, seeds 1.0 and 2.0 times its values."""
    found = [CLOSED]
    for step, loss in ((0, 1.0), (10, 0.5)):
        found += seeds("model", "loss", [loss, 2 * loss], step=step)
        for metric in ("prediction_l2", "sensitivity_cosine", "sensitivity_l2"):
            found += seeds("model", metric, [2 * loss, 4 * loss], step=step, reference="gd")
            found += seeds("model", metric, [99.0, 99.0], step=step, reference="ols")
    found += seeds("model", "loss", [7.0], step=10, option="input_scale", setting="2")
    return [*found, row("gd", "loss", 3.0)]


def test_training_shows_each_learner_against_its_algorithm() -> None:
    figure = drawn(plot_training, training(), {}, LOOKS, learners={"model": "gd"})
    loss, *others = figure.axes
    assert lines(loss) == {"trained": ([0, 10], [1.5, 0.75]), EXACT: ([0, 1], [0.2, 0.2])}
    for panel in others:
        assert lines(panel)["trained"] == ([0, 10], [3.0, 1.5])
    assert loss.get_ylim() == pytest.approx((0, 1.08 * 1.5))
    assert loss.lines[0].get_color() == LOOKS["model"].colour
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["trained", EXACT]
    assert [panel.get_ylabel() for panel in figure.axes][1:3] == [
        "prediction difference",
        "sensitivity cosine",
    ]


def test_training_shows_every_seed_of_those_that_end_in_several_places() -> None:
    options = {"learners": {"model": "gd"}, "by_seed": ["model"]}
    loss, second, *_ = drawn(plot_training, training(), {}, LOOKS, **options).axes
    assert [line.get_ydata().tolist() for line in loss.lines[:2]] == [[1.0, 0.5], [2.0, 1.0]]
    assert [line.get_ydata().tolist() for line in second.lines] == [[2.0, 1.0], [4.0, 2.0]]
    assert not loss.collections  # no band


def shift(metric: str = "loss") -> list[Record]:
    found = []
    for option, setting, level in [
        ("input_scale", "0.5", 2.0),
        ("input_scale", "2", 4.0),
        ("inputs", "laplace", 5.0),
        ("weight_scale", "2", 6.0),
    ]:
        at = {"option": option, "setting": setting}
        found += [
            row("closed_form", "trivial_loss", level, **at),
            row("closed_form", "loss", level / 4, **at),
        ]
        found += [row("gd", metric, level / 2, **at), *seeds("model", metric, [level, 3 * level], **at)]
        found += [row("ols", metric, 10 * level, **at)]
    return [*found, CLOSED, row("gd", metric, 77.0)]


OPTIONS = {"metric": "loss", "limits": [0.1, 8.0]}


def test_shift_divides_by_the_loss_of_zero() -> None:
    learners = ["closed_form", "gd", "model"]
    figure = drawn(plot_shift, shift(), {}, LOOKS, learners=learners, zero="closed_form", **OPTIONS)
    scale, law = figure.axes  # none for the scale of weights
    assert lines(scale) == {
        "one step, closed form": ([0.5, 2.0], [0.25, 0.25]),
        "GD": ([0.5, 2.0], [0.5, 0.5]),
        "trained": ([0.5, 2.0], [2.0, 2.0]),
    }
    assert lines(law)["trained"] == ([1.0], [2.0])  # laws stand in a fixed order: Laplace is the second
    assert law.get_xticklabels()[1].get_text() == "Laplace"
    assert (scale.get_xlabel(), law.get_xlabel()) == (r"input scale $\alpha$", "input law")
    assert (scale.get_ylim(), scale.get_yscale()) == ((0.1, 8.0), "log")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(lines(scale))


def test_shift_takes_a_learner_for_zero() -> None:
    options = {"learners": ["gd", "model"], "zero": "ols", "limits": [0.1, 8.0], "metric": "bounded_loss"}
    scale, _ = drawn(plot_shift, shift("bounded_loss"), {}, LOOKS, **options).axes
    assert lines(scale) == {"GD": ([0.5, 2.0], [0.05, 0.05]), "trained": ([0.5, 2.0], [0.2, 0.2])}


def test_rollout_shows_losses_and_the_excess_in_percent() -> None:
    found = []
    for times, loss in ((1, 0.4), (2, 0.2), (10, 0.1)):
        found += [row("gd", "stable_loss", loss, times=times)]
        found += seeds("model", "stable_loss", [loss, 3 * loss], times=times)
        excess = {"times": times, "reference": "gd"}
        found += seeds("model", "stable_relative_excess_loss", [loss / 10, loss / 5], **excess)
    figure = drawn(plot_rollout, found, measure_rollout.COLUMNS, LOOKS, panels=[["gd", "model"]])
    above, below = figure.axes
    assert lines(above)["GD"] == ([1, 2, 10], [0.4, 0.2, 0.1])
    assert lines(above)["trained"] == ([1, 2, 10], pytest.approx([0.8, 0.4, 0.2]))
    assert above.lines[0].get_linewidth() == 3
    assert lines(below)["trained"] == ([1, 2, 10], pytest.approx([6.0, 3.0, 1.5]))
    assert below.lines[0].get_color() == LOOKS["gd"].colour
    assert set(below.lines[0].get_ydata()) == {0}


def test_weights_of_the_first_seed_fill_a_panel_per_head_on_one_scale() -> None:
    found = []
    for metric, size in (("key_query", 1.0), ("projection_value", 10.0)):
        for head, r, c in ((h, r, c) for h in (1, 2) for r in (0, 1) for c in (0, 1)):
            where = {"head": head, "row": r, "column": c}
            entry = size * (100 * head + 10 * r + c)
            found += [
                row("model", metric, entry, seed=0, step=10, **where),
                row("model", metric, 1e9, seed=1, step=10, **where),
            ]
            found += [row("gd", metric, -entry, **where)] if head == 1 else []
    figure = drawn(plot_weights, found, {}, LOOKS, learners=["model", "gd"])
    panels = [axes for axes in figure.axes if axes.images]
    assert [panel.get_title().split(", ")[1] for panel in panels] == ["head 1", "head 2", "GD"] * 2
    assert panels[1].images[0].get_array().tolist() == [[200, 201], [210, 211]]
    assert panels[5].images[0].get_array().tolist() == [[-1000, -1010], [-1100, -1110]]
    assert {panel.images[0].get_clim() for panel in panels[:3]} == {(-211.0, 211.0)}
    assert {panel.images[0].get_clim() for panel in panels[3:]} == {(-2110.0, 2110.0)}
