"""Stacks that are rebuilt from two numbers a layer, and the figure of their weights."""

import dataclasses
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.smoothers import Trivial
from icgd.analysis.columns import Record
from icgd.analysis.study import Population, alone
from icgd.analysis.tidy import rows
from icgd.constructions.rebuilt_stack import rebuilt, step_numbers
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from icgd.prompt import Prompt
from icgd.studies.depth import measure_rebuilt, plot_layers
from tests.by_hand import LOOKS, drawn, hand_made, measured, row, value

GENERATOR = np.random.default_rng(1)
N, D, P = 5, 3, 40


def layer(rate: float, shrinkage: float, scale: float = 1.0, noise: float = 0.0) -> Attention:
    """KᵀQ = scale·(I, 0) and P·V = −(γI, η)/(N·scale), with noise in every entry."""
    inputs = np.diag([1.0] * D + [0.0])
    write = -np.diag([shrinkage] * D + [rate]) / N
    disturb = noise * GENERATOR.normal(size=(2, D + 1, D + 1))
    bilinear, write = scale * (inputs + disturb[0]), (write + disturb[1]) / scale
    eye = np.eye(D + 1)
    key, query, value, projection = (jnp.asarray(part)[None] for part in (eye, bilinear, write, eye))
    return Attention(key, query, value, projection)


def prompts() -> tuple[Prompt, np.ndarray]:
    x, w, query = (0.4 * GENERATOR.normal(size=s) for s in ((P, N, D), (P, D, 1), (P, D)))
    return Prompt(*map(jnp.asarray, (x, x @ w, query))), np.einsum("pdm,pd->pm", w, query)


def in_numpy(numbers: list[tuple[float, float]], stored: Prompt) -> np.ndarray:
    """What a stack of layers with these (η, γ) predicts, token by token: a second implementation."""
    found = []
    for x, y, query in zip(*map(np.asarray, (stored.x, stored.y, stored.query)), strict=True):
        tokens = np.vstack([np.hstack([x, y]), np.append(query, 0.0)])
        for rate, shrinkage in numbers:
            seen = tokens[:-1].copy()
            read = tokens[:, :D] @ seen[:, :D].T @ seen
            tokens = tokens - read * np.array([shrinkage] * D + [rate]) / N
        found.append(-tokens[-1, D:])
    return np.array(found)


NUMBERS = [(0.9, 0.4), (1.7, 1.2), (2.5, 0.3)]


@pytest.mark.parametrize(("repeats", "scale"), [(1, 1.0), (2, -3.0)])
def test_a_stack_of_steps_is_rebuilt_exactly(double: None, repeats: int, scale: float) -> None:
    stored, _ = prompts()
    stack = Transformer(tuple(layer(*pair, scale) for pair in NUMBERS), repeats=repeats)
    expected = in_numpy(NUMBERS * repeats, stored)
    steps = rebuilt(stack, D)
    for learner in (stack, steps):
        np.testing.assert_allclose(eqx.filter_vmap(learner)(stored), expected, rtol=1e-9)
    depth = repeats * len(NUMBERS)
    found = N * np.stack([steps.learning_rates, steps.shrinkages], axis=1)
    np.testing.assert_allclose(found[:depth], NUMBERS * repeats)
    assert not found[depth:].any()


def test_other_layers_have_no_such_numbers() -> None:
    softmax = dataclasses.replace(layer(1.0, 0.5), kernel="softmax")
    with pytest.raises(TypeError, match="kernel 'softmax'"):
        step_numbers(softmax, D)
    pair = jnp.zeros((2, D + 1, D + 1))
    two = Attention(pair, pair, pair, pair)
    with pytest.raises(TypeError, match="2 heads"):
        step_numbers(two, D)


def test_distances_losses_and_numbers(tmp_path: Path, double: None) -> None:
    """Of two seeds the first is what is rebuilt; the second has weights that no two numbers say."""
    stored, targets = prompts()
    exact, noisy = (Transformer(tuple(layer(*pair, 2.0, noise) for pair in NUMBERS)) for noise in (0.0, 0.05))
    stack = jax.tree.map(lambda *leaves: jnp.stack(leaves), exact, noisy)
    study = hand_made(tmp_path, {"stack": Population(stack, [0, 1], 3)}, stored, targets)
    table = measured(measure_rebuilt, study, learners=["stack"], prompts=P)
    distance = rows(table, metric="rebuilt_distance")["value"].tolist()
    assert distance[0] == pytest.approx(0, abs=1e-6) and distance[1] > 0.01
    steps = rebuilt(noisy, D)
    small = Prompt(
        *(jnp.asarray(np.asarray(part, np.float32), float) for part in (stored.x, stored.y, stored.query))
    )
    read = N * np.stack([steps.learning_rates, steps.shrinkages], axis=1)[: len(NUMBERS)]
    theirs = in_numpy([(float(rate), float(shrinkage)) for rate, shrinkage in read], small)
    ours, goal = np.asarray(eqx.filter_vmap(noisy)(small)), np.asarray(targets, np.float32).astype(float)
    assert distance[1] == pytest.approx(np.abs(ours - theirs).mean() / np.abs(goal).mean(), rel=1e-6)
    losses = [0.5 * np.mean((found - goal) ** 2) for found in (ours, theirs)]
    found = rows(table, seed=1)
    assert value(rows(found, metric="rebuilt_bounded_loss")) == pytest.approx(losses[1], rel=1e-6)
    excess = value(rows(found, metric="rebuilt_relative_excess_loss"))
    assert excess == pytest.approx(losses[1] / losses[0] - 1, rel=1e-5)
    assert value(rows(found, metric="rebuilt_diverged_fraction")) == 0
    cosine = rows(table, metric="rebuilt_cosine")["value"].tolist()
    assert cosine[0] == pytest.approx(1) and 0.5 < cosine[1] < 0.9999
    for place, (rate, shrinkage) in enumerate(NUMBERS, 1):
        first = rows(table, seed=0, layer=place)
        assert value(rows(first, metric="layer_rate")) == pytest.approx(rate)
        assert value(rows(first, metric="layer_shrinkage")) == pytest.approx(shrinkage)
        assert value(rows(first, metric="key_query_left_out")) == pytest.approx(0, abs=1e-12)
        assert value(rows(first, metric="projection_value_left_out")) == pytest.approx(0, abs=1e-12)
        corner = rows(first, metric="layer_projection_value", row=D, column=D)
        assert value(corner) == pytest.approx(-rate / N)
        assert value(rows(first, metric="layer_key_query", row=0, column=0)) == pytest.approx(1)
    assert (rows(found, metric=["key_query_left_out", "projection_value_left_out"])["value"] > 0).all()
    assert rows(found, metric="layer_key_query").empty, "entries are of the first seed alone"


def test_what_is_no_stack_is_refused(tmp_path: Path) -> None:
    stored, targets = prompts()
    study = hand_made(tmp_path, {"zero": alone(Trivial())}, stored, targets)
    with pytest.raises(TypeError, match="not Trivial"):
        measured(measure_rebuilt, study, learners=["zero"])


def test_every_layer_has_a_panel_in_each_row() -> None:
    found: list[Record] = []
    for learner, depth in (("model", 2), ("gd", 1)):
        for place in range(1, depth + 1):
            for spot in np.ndindex(2, 2):
                where = {"layer": place, "row": spot[0], "column": spot[1]}
                found.append(row(learner, "layer_key_query", 1.0 if spot == (0, 0) else 0.5, **where))
                found.append(row(learner, "layer_projection_value", -place * sum(spot), **where))
    figure = drawn(plot_layers, found, {}, LOOKS, lines=[["model"], ["gd"]])
    panels = figure.axes
    assert len(panels) == 8
    shown = [panel.images[0] for panel in panels if panel.images]
    assert len(shown) == 6
    np.testing.assert_allclose(shown[0].get_array(), [[1, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(shown[3].get_array(), [[0, -2], [-2, -4]])
    assert [image.get_clim() for image in shown[:4]] == [(-1, 1), (-1, 1), (-2, 2), (-4, 4)]
    assert [panels[0].get_title(), panels[1].get_title(), panels[4].get_title()] == ["one layer", "2", "GD"]
