"""Figures of induction heads, drawn from a few rows."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from icgd.plotting.looks import Looks
from icgd.studies.induction import plot_ablation, plot_formation, plot_one_step_reading

LOOKS = Looks.of(
    {
        "two_layers": {"label": "two layers", "colour": "#0072b2", "marker": "o"},
        "linear_second": {"label": "second linear", "colour": "#e69f00", "marker": "D"},
    }
    | {
        name: {"label": f"the {name}", "colour": f"#00000{i}", "marker": "s"}
        for i, name in enumerate(plot_one_step_reading.RIVALS)
    }
)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def means(*found: dict[str, Any]) -> pd.DataFrame:
    """Rows of a figure's table: intervals reach 0.1 below and 0.2 above the mean, seeds 1 and 2."""
    frame = pd.DataFrame(
        [{"experiment": "language", "learner": "two_layers", "step": 0} | row for row in found]
    )
    ends = {"low": frame["mean"] - 0.1, "high": frame["mean"] + 0.2}
    return frame.assign(**ends, min=frame["mean"] - 1, max=frame["mean"] + 2)


def formation_table(experiment: str, learner: str) -> pd.DataFrame:
    curves = [
        {"metric": metric, "layer": layer, "step": step, "mean": 0.1 * place + step / 100}
        for place, (layer, metric) in enumerate(plot_formation.SCORES)
        for step in (10, 0)
    ]
    elsewhere = {"metric": "prefix_matching", "layer": 1, "step": 0, "mean": 9.0}
    loss = [{"metric": "second_loss", "step": step, "mean": 3.0 - step / 10} for step in (10, 0)]
    change = {"metric": "phase_change_step", "step": 10, "mean": 5.0}
    return means(*curves, elsewhere, *loss, change).assign(experiment=experiment, learner=learner)


def test_formation_has_losses_scores_and_the_phase_change() -> None:
    table = pd.concat([formation_table("language", "two_layers"), formation_table("markov", "linear_second")])
    panels = [{"language": "two_layers"}, {"markov": "linear_second"}]
    figure = plot_formation.draw(table, LOOKS, losses={"language": ["two_layers"]}, panels=panels)
    left, first, second = figure.axes
    assert [line.get_label() for line in left.lines] == ["two layers"]
    assert left.lines[0].get_xydata().tolist() == [[0, 3], [10, 2]]
    assert left.lines[0].get_color() == "#0072b2"
    assert first.get_title() == "segments, two layers"
    assert second.get_title() == "Markov chains, second linear"
    for line, (name, colour, style), start in zip(
        first.lines, plot_formation.SCORES.values(), (0, 0.1, 0.2, 0.3), strict=True
    ):
        assert (line.get_label(), line.get_color(), line.get_linestyle()) == (name, colour, style)
        np.testing.assert_allclose(line.get_xydata(), [[0, start], [10, start + 0.1]])
    assert (first.patches[0].get_x(), first.patches[0].get_width()) == (4, 3)
    assert first.get_ylim() == (-0.05, 1.05)


def test_formation_takes_its_rows_alone() -> None:
    rows = [{"metric": m, "mean": 0.0} for m in ("second_loss", "first_loss", "copying", "copying_step")]
    assert plot_formation.select(means(*rows))["metric"].tolist() == ["second_loss", "copying"]


def test_ablations_stand_side_by_side_filled_for_the_second_segment() -> None:
    rows = [
        {"learner": learner, "metric": metric, "ablated": ablated, "mean": base + place}
        for learner, base in (("two_layers", 0.0), ("linear_second", 10.0))
        for metric in ("first_loss", "second_loss")
        for place, ablated in enumerate(plot_ablation.EDITS)
    ]
    others = [
        {"metric": "second_increase", "ablated": "two_back", "mean": 1.0},
        {"metric": "second_loss", "mean": 2.0},
    ]
    table = means(*rows[::-1], *others)
    kept = plot_ablation.select(table)
    assert len(kept) == len(rows)
    figure = plot_ablation.draw(kept, LOOKS, learners=["two_layers", "linear_second"])
    bars = figure.axes[0].containers
    assert [bar.get_label() for bar in bars] == [
        f"{learner}, {part} segment"
        for learner in ("two layers", "second linear")
        for part in ("second", "first")
    ]
    assert [bar.lines[0].get_fillstyle() for bar in bars] == ["full", "none"] * 2
    np.testing.assert_allclose(np.asarray(bars[0].lines[0].get_xdata(), float), np.arange(5) - 0.1)
    np.testing.assert_allclose(np.asarray(bars[2].lines[0].get_xdata(), float), np.arange(5) + 0.1)
    np.testing.assert_allclose(bars[2].lines[0].get_ydata(), 10 + np.arange(5))
    ends = bars[0].lines[2][0].get_segments()
    np.testing.assert_allclose(ends[1], [[0.9, 0.9], [0.9, 1.2]])
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks == list(plot_ablation.EDITS.values())


def reading_table() -> pd.DataFrame:
    rows = [
        {"experiment": e, "learner": learner, "metric": metric, "reference": rival, "mean": base + place / 10}
        for e, learner, base in (("language", "two_layers", 0.0), ("markov", "linear_second", 0.3))
        for metric in plot_one_step_reading.PANELS
        for place, rival in enumerate(plot_one_step_reading.RIVALS)
    ]
    growth = [
        {
            "experiment": e,
            "learner": learner,
            "metric": plot_one_step_reading.GROWTH,
            "matches": m,
            "mean": slope * m,
        }
        for e, learner, slope in (("language", "two_layers", 1.0), ("markov", "linear_second", 0.5))
        for m in (3, 1, 2)
    ]
    return means(*rows, *growth)


def test_one_step_reading_shows_every_rival_of_every_model_and_the_growth() -> None:
    models = [{"language": "two_layers"}, {"markov": "linear_second"}]
    figure = plot_one_step_reading.draw(reading_table(), LOOKS, models=models)
    agreement, _, growth = figure.axes
    assert len(agreement.containers) == 6
    for place, (rival, bar) in enumerate(
        zip(plot_one_step_reading.RIVALS, agreement.containers, strict=True)
    ):
        assert bar.get_label() == f"the {rival}" and to_hex(bar.lines[0].get_color()) == f"#00000{place}"
        x = 0.1 * place - 0.25
        np.testing.assert_allclose(bar.lines[0].get_xydata(), [[x, place / 10], [1 + x, 0.3 + place / 10]])
    ticks = [tick.get_text() for tick in agreement.get_xticklabels()]
    assert ticks == ["segments,\ntwo layers", "Markov chains,\nsecond linear"]
    softmax, linear, step, frequencies = growth.lines
    np.testing.assert_allclose(softmax.get_xydata(), [[1, 1], [2, 2], [3, 3]])
    np.testing.assert_allclose(linear.get_ydata(), [0.5, 1, 1.5])
    assert (softmax.get_linestyle(), linear.get_linestyle(), linear.get_color()) == ("-", "--", "#e69f00")
    assert step.get_xydata().tolist() == [[1, 1], [3, 3]] and step.get_label() == "the step"
    assert frequencies.get_xydata().tolist() == [[1, 1], [3, 1]] and frequencies.get_color() == "#000002"


def test_one_step_reading_leaves_out_what_is_constructed() -> None:
    table = reading_table()
    constructed = table.assign(learner="construction", step=None)
    loss = means({"metric": "loss", "mean": 0.0})
    kept = plot_one_step_reading.select(pd.concat([table, constructed, loss]))
    assert len(kept) == len(table) and set(kept["learner"]) == {"two_layers", "linear_second"}
