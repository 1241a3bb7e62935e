"""Causal stacks: losses and nearest algorithms by position, weights, and the figures of both."""

import dataclasses
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from icgd.analysis.study import Population, alone
from icgd.analysis.tidy import rows
from icgd.constructions.causal_layers import Steps, causal_layers
from icgd.learner import Learner
from icgd.models.causal_stack import CausalTransformer
from icgd.plotting.looks import Looks
from icgd.prompt import Prompt
from icgd.studies.causal import (
    measure_causal_weights,
    measure_positions,
    plot_causal_weights,
    plot_nearest,
    plot_positions,
)
from icgd.studies.causal.answers import Apart, told_apart
from tests.by_hand import LOOKS, drawn, experiment, hand_made, lines, measured, row, seeds, value

PROMPTS = Prompt(jnp.ones((2, 2, 1)), jnp.ones((2, 2, 1)), jnp.ones((2, 1)))
TARGET = [[[1.0], [1.0]], [[1.0], [-1.0]]]
"""Two prompts with two positions each."""


class Answer(Learner):
    """The same answers at every prompt."""

    values: Float[Array, " n"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 n m"]:
        return self.values[None, :, None]


def always(*values: float) -> Population:
    return alone(Answer(jnp.array(values)))


def trained(*answers: tuple[float, float]) -> Population:
    return Population(Answer(jnp.array(answers)), list(range(len(answers))), 10)


def study(folder: Path, learners: dict[str, Population], **references: Any) -> Any:
    return hand_made(folder, learners, PROMPTS, TARGET, references=references)


def test_losses_by_position(tmp_path: Path, double: None) -> None:
    table = measured(measure_positions, study(tmp_path, {"gd": always(0.0, 0.5), "far": always(20.0, 0.0)}))
    loss = rows(table, learner="gd", metric="bounded_loss")
    assert loss["position"].tolist() == [1, 2]
    assert loss["value"].tolist() == pytest.approx([0.5, 0.5 * (0.5**2 + 1.5**2) / 2])
    assert value(rows(table, learner="gd", metric="sequence_loss")) == pytest.approx(loss["value"].mean())
    assert value(rows(table, learner="gd", metric="diverged_fraction")) == 0
    assert value(rows(table, learner="far", metric="diverged_fraction")) == 0.5
    bounded = rows(table, learner="far", metric="bounded_loss")["value"].tolist()
    assert bounded == pytest.approx([0.5 * 9**2, 0.5])  # ten times the RMS target


def test_distances_and_which_is_nearest(tmp_path: Path, double: None) -> None:
    learners = {"model": trained((0.0, 0.0), (0.5, 0.5)), "a": always(0.1, 0.9), "b": always(0.3, 0.2)}
    references = {"model": {"algorithm": "a", "rivals": ["b"]}}
    table = measured(measure_positions, study(tmp_path, learners, **references))

    def found(metric: str, **columns: Any) -> list[float]:
        return [float(v) for v in rows(table, learner="model", metric=metric, **columns)["value"]]

    at = {"reference": "a", "position": 2}
    assert found("relative_distance", **at) == pytest.approx([0.9, 0.4])
    assert found("sequence_distance", reference="b") == pytest.approx([0.25, 0.25])
    assert found("nearest_share", reference="a") == [0.5, 0.0]
    assert found("nearest_share", reference="b") == [0.5, 1.0]
    assert found("nearest_over_runner_up", position=1) == pytest.approx([0.1 / 0.3, 0.2 / 0.4])
    assert found("told_apart", position=1) == [1.0, 1.0]
    assert found("told_apart_share") == [1.0, 1.0]
    ratio = found("sequence_distance_over_nearest_rival", reference="a")
    assert ratio == pytest.approx([0.5 / 0.25, 0.4 / 0.25])
    model, other = (0.5 * 1.0 + 0.5 * 1.0) / 2, np.mean([0.5 * 0.81, 0.25 * (0.1**2 + 1.9**2)])
    assert found("relative_excess_sequence_loss", reference="a")[0] == pytest.approx(model / other - 1)
    assert found("relative_excess_loss", reference="a", position=1)[0] == pytest.approx(
        0.5 / (0.5 * 0.81) - 1
    )


def test_a_learner_without_rivals_has_no_nearest_one(tmp_path: Path, double: None) -> None:
    learners = {"model": trained((0.0, 0.0)), "a": always(0.1, 0.9)}
    table = measured(measure_positions, study(tmp_path, learners, model={"algorithm": "a", "rivals": []}))
    assert not set(table["metric"]) & {"told_apart", "sequence_distance_over_nearest_rival"}


def test_noise_over_prompts_decides_what_is_told_apart(double: None) -> None:
    near = np.zeros((1, 4, 2))
    far = np.array([[[0.1, 0.1], [0.1, -0.3], [0.1, 0.3], [0.1, 0.1]]])
    kept = np.ones_like(near)
    assert told_apart(
        Apart(jnp.array(near), jnp.array(kept)), Apart(jnp.array(far), jnp.array(kept))
    ).tolist() == [[1.0, 0.0]]
    kept[0, 1, 1] = 0  # without the prompt that diverged, it is
    found = told_apart(Apart(jnp.array(near), jnp.array(kept)), Apart(jnp.array(far), jnp.ones_like(kept)))
    assert found.tolist() == [[1.0, 1.0]]


def test_positions_read_every_learner() -> None:
    assert measure_positions.reads(experiment(learners=["a", "b"]), {}) == ["a", "b"]
    assert measure_causal_weights.reads(experiment(), {"learners": ["a"]}) == ["a"]


def constructed(scale: float = 1.0, **changes: Any) -> Population:
    """A stack of one seed with two layers, in another gauge; `changes` are of its last layer."""
    steps = Steps(jnp.array([0.5, 0.25]), jnp.array([0.1, 0.0]), jnp.array([0.2, 0.0]))
    first, last = (
        dataclasses.replace(a, key=scale * a.key, value=a.value / scale)
        for a in causal_layers(steps, 1, 1).layers
    )
    stack = CausalTransformer((first, dataclasses.replace(last, **changes)))
    return dataclasses.replace(alone(stack), seeds=[0], step=10)


def test_weights_and_the_steps_that_they_are(tmp_path: Path, double: None) -> None:
    table = measured(measure_causal_weights, study(tmp_path, {"model": constructed(3.0)}), learners=["model"])
    entries = rows(table, metric="projection_value", layer=1, head=1)
    assert entries["value"].tolist() == pytest.approx([-0.1, 0, 0, -0.5])
    assert rows(table, metric="key_query", layer=1)["value"].tolist() == pytest.approx([1, 0, 0, 0.2])
    assert rows(table, metric="rate")["value"].tolist() == pytest.approx([0.5, 0.25])
    assert rows(table, metric="shrinkage")["value"].tolist() == pytest.approx([0.1, 0])
    assert rows(table, metric="label_weight")["value"].tolist() == pytest.approx([0.2, 0], abs=1e-12)
    for metric in ("rebuilt_distance", "relative_excess_of_rebuilt"):
        assert value(rows(table, metric=metric, numbers=3)) == pytest.approx(0, abs=1e-12)
        assert value(rows(table, metric=metric, numbers=2)) > 0.001


def test_what_the_steps_leave_out_is_found(tmp_path: Path, double: None) -> None:
    off = jnp.array([[[0.0, 0.0], [0.3, -0.25]]])  # the prediction also adds up inputs
    learners = {"model": constructed(value=off)}
    table = measured(measure_causal_weights, study(tmp_path, learners), learners=["model"])
    assert value(rows(table, metric="rebuilt_distance", numbers=3)) > 0.1


def test_softmax_is_shown_and_not_rebuilt(tmp_path: Path, double: None) -> None:
    learners = {"model": constructed(kernel="softmax")}
    table = measured(measure_causal_weights, study(tmp_path, learners), learners=["model"])
    assert set(table["metric"]) == {"key_query", "projection_value"}


def test_weights_of_something_else_are_refused(tmp_path: Path, double: None) -> None:
    with pytest.raises(TypeError, match="weights are shown of causal stacks; gd is of Answer"):
        measured(measure_causal_weights, study(tmp_path, {"gd": always(0.0, 0.0)}), learners=["gd"])


ALL = Looks({**LOOKS, "best": LOOKS["ols"]._replace(label="best", colour="#009E73")})
COLUMNS = measure_positions.COLUMNS


def test_trained_learners_are_points_and_algorithms_lines() -> None:
    found = []
    for n in (1, 2, 3):
        found += seeds("model", "bounded_loss", [0.5 / n, 0.7 / n], position=n)
        found += [row("gd", "bounded_loss", 0.4 / n, position=n)]
    panel = drawn(
        plot_positions, found, COLUMNS, ALL, panels={"one": ["model", "gd"]}, shown={"low": 0.1, "high": 1.0}
    ).axes[0]
    shown = lines(panel)
    assert shown["one layer"] == ([1, 2, 3], pytest.approx([0.6, 0.3, 0.2]))
    assert shown["GD"] == ([1, 2, 3], pytest.approx([0.4, 0.2, 0.4 / 3]))
    styles = {line.get_label(): (line.get_linestyle(), line.get_marker()) for line in panel.lines}
    assert styles == {"one layer": ("None", "o"), "GD": ("-", "")}
    assert (panel.get_yscale(), panel.get_ylim()) == ("log", (0.1, 1.0))


def test_the_nearest_is_marked_and_filled_where_it_is_told_apart() -> None:
    found = []
    for n, (gd, best, told) in enumerate([(0.1, 0.2, [1, 1]), (0.3, 0.2, [1, 0])], start=1):
        for reference, distance in (("gd", gd), ("best", best), ("ols", 0.9)):
            found += seeds("model", "relative_distance", [distance] * 2, reference=reference, position=n)
        found += seeds("model", "told_apart", map(float, told), position=n)
    panel = drawn(plot_nearest, found, COLUMNS, ALL, learners=["model"]).axes[0]
    assert set(lines(panel)) == {"GD", "best"}  # least squares is never among the two nearest
    squares = [line for line in panel.lines if line.get_marker() == "s" and len(line.get_xdata()) == 1]
    assert [float(square.get_xdata()[0]) for square in squares] == [1, 2]
    assert [square.get_color() for square in squares] == [ALL["gd"].colour, ALL["best"].colour]
    assert [square.get_markerfacecolor() for square in squares] == [ALL["gd"].colour, "none"]


def test_a_matrix_for_every_layer_and_head() -> None:
    found = []
    for learner, layer, head in (("model", 1, 1), ("model", 2, 1), ("gd", 1, 1)):
        for metric in ("key_query", "projection_value"):
            for place, entry in enumerate((4.0, 0.0, 0.0, -2.0 * layer)):
                where = {"layer": layer, "head": head, "row": place // 2, "column": place % 2}
                found += seeds(learner, metric, [entry, 99.0], **where)
    axes = drawn(plot_causal_weights, found, {}, ALL, learners=["model", "gd"]).axes
    assert [panel.get_title() for panel in axes[:3]] == ["one layer\nlayer 1", "one layer\nlayer 2", "GD"]
    assert [panel.images[0].get_array().tolist() for panel in axes[:2]] == [
        [[1, 0], [0, -0.5]],
        [[1, 0], [0, -1]],
    ]
