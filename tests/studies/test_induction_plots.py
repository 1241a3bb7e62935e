"""Figures of induction heads over training and under ablation, drawn from a few rows."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from icgd.plotting.looks import Looks
from icgd.studies.induction import plot_ablation, plot_formation
from tests.studies.drawn_tables import means

LOOKS = Looks.of(
    {
        "two_layers": {"label": "two layers", "colour": "#0072b2", "marker": "o"},
        "linear_second": {"label": "second linear", "colour": "#e69f00", "marker": "D"},
    }
)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


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
    drawn: list[Any] = figure.axes
    left, first, second = drawn
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
    bars: Any = figure.axes[0].containers
    assert [bar.get_label() for bar in bars] == [
        f"{learner}, {part} segment"
        for learner in ("two layers", "second linear")
        for part in ("second", "first")
    ]
    assert [bar.lines[0].get_fillstyle() for bar in bars] == ["full", "none"] * 2
    np.testing.assert_allclose(np.asarray(bars[0].lines[0].get_xdata(), float), np.arange(5) - 0.1)
    np.testing.assert_allclose(np.asarray(bars[2].lines[0].get_xdata(), float), np.arange(5) + 0.1)
    np.testing.assert_allclose(np.asarray(bars[2].lines[0].get_ydata(), float), 10 + np.arange(5))
    ends = bars[0].lines[2][0].get_segments()
    np.testing.assert_allclose(ends[1], [[0.9, 0.9], [0.9, 1.2]])
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert ticks == list(plot_ablation.EDITS.values())
