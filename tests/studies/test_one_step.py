"""One step: the construction's exactness, ridge's penalty, and the figures of sizes and rivals."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from icgd.analysis.tidy import rows
from icgd.constructions.gradient_layer import gradient_layer
from icgd.plotting.looks import Looks
from icgd.prompt import Prompt
from icgd.studies.one_step import measure_construction, measure_penalty, plot_rivals, plot_sizes
from tests.by_hand import LOOKS, drawn, hand_made, lines, measured, row, seeds, value

UNIT = Prompt(jnp.ones((2, 1, 1)), jnp.ones((2, 1, 1)), jnp.ones((2, 1)))
TARGET = [[1.0], [1.0]]
OURS = Looks.of(
    {"transformer": LOOKS["model"]._asdict(), "interpolation": {"label": "interpolated", "marker": "^"}}
)
ALL = Looks({**LOOKS, **OURS})


def test_construction_is_exact_at_every_shape(tmp_path: Path, double: None) -> None:
    study = hand_made(tmp_path, {}, UNIT, TARGET)
    table = measured(measure_construction, study, dimensions=[1, 2], context_lengths=[3], outputs=[1, 2])
    shapes = table[["dimension", "context_length", "outputs"]].to_numpy().tolist()
    assert shapes == [[1, 3, 1], [1, 3, 2], [2, 3, 1], [2, 3, 2]]
    assert set(table["learner"]) == {"construction"}
    assert 0 < table["value"].max() < 1e-11


def test_a_construction_with_another_rate_would_be_found(
    double: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(start: Any, rate: Any, n: int) -> Any:
        return gradient_layer(start, 1.001 * rate, n)

    monkeypatch.setattr(measure_construction, "gradient_layer", wrong)
    assert measure_construction.largest_difference(jax.random.key(0), 2, 3, 1, trials=5) > 1e-4


def test_loss_of_ridge_by_penalty(tmp_path: Path, double: None) -> None:
    study = hand_made(tmp_path, {}, UNIT, TARGET)
    table = measured(measure_penalty, study, penalties=[0.5, 1.0], prompts=2)
    for penalty in (0.5, 1.0):  # ŷ = 1/(1 + λ)
        found = value(rows(table, learner="ridge", metric="loss", penalty=penalty))
        assert found == pytest.approx(0.5 * (penalty / (1 + penalty)) ** 2)


def test_rivals_are_points_in_their_own_look_nearest_first() -> None:
    found = []
    for metric in ("prediction_l2", "sensitivity_l2"):
        for reference, distance in (("ols", 0.4), ("gd", 0.01)):
            found += seeds("transformer", metric, [distance, 3 * distance], reference=reference)
            found += seeds("transformer", metric, [50.0, 50.0], reference=reference, step=5)
    figure = drawn(plot_rivals, found, {}, ALL)
    for panel, title in zip(figure.axes, ("prediction difference", "sensitivity difference"), strict=True):
        assert [float(bars.lines[0].get_xdata()[0]) for bars in panel.containers] == pytest.approx(
            [0.8, 0.02]
        )
        assert [bars.lines[0].get_color() for bars in panel.containers] == [
            ALL[name].colour for name in ("ols", "gd")
        ]
        assert (panel.get_xlabel(), panel.get_xscale()) == (title, "log")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["least squares", "GD"]


def test_sizes_show_losses_and_the_range_of_excess() -> None:
    found = []
    for size, exact in (("2", 0.1), ("10", 0.2)):
        at = {"option": "size", "setting": size}
        found += [row("closed_form", "loss", exact, **at), row("gd", "loss", exact + 0.01, **at)]
        for learner in ("transformer", "interpolation"):
            found += seeds(learner, "loss", [exact, exact + 0.02], **at)
            found += seeds(learner, "relative_excess_loss", [0.1, 0.3], reference="gd", **at)
    failed = {"option": "size", "setting": "20"}
    found += [row("closed_form", "loss", 0.3, **failed), *seeds("interpolation", "loss", [50.0], **failed)]
    above, below = drawn(plot_sizes, found, {}, ALL).axes
    shown = lines(above)
    assert shown["closed form"] == ([2, 10, 20], [0.1, 0.2, 0.3])
    assert shown["trained"] == ([2, 10], pytest.approx([0.11, 0.21]))
    assert shown["interpolated"][0] == [2, 10]  # a seed that failed is outside what the panel can hold
    ranges = {bars.get_label(): bars.get_segments() for bars in below.collections}
    assert [segment.tolist() for segment in ranges["trained"]] == [
        [pytest.approx([x, 10]), pytest.approx([x, 30])] for x in (1.75, 9.75)
    ]
    assert above.get_ylim() == pytest.approx((0, 1.15 * 0.3))
