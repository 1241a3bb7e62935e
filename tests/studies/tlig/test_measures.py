"""Measurements at the source's settings, on problems whose answers are known or written again in NumPy."""

import dataclasses
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from icgd.algorithms.descent import Fit, GradientDescent, GradientDescentPlusPlus
from icgd.analysis.study import Population, alone
from icgd.analysis.tidy import rows
from icgd.constructions.descent_layers import descent_stack, looped_descent
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from icgd.prompt import Prompt
from icgd.spec.model import Comparison
from icgd.studies.tlig import (
    measure_clipped,
    measure_copying,
    measure_label_rollout,
    measure_plateau,
    measure_shrinkages,
    measure_wave_functions,
)
from icgd.studies.tlig.shared_slots import SharedSlots, raw_tokens, shared_slots
from icgd.studies.tlig.source_waves import wave_attention
from icgd.tasks.linear_regression import LinearRegression
from icgd.tasks.sine_waves import REACH, SineWaves
from tests.by_hand import experiment, fixed, hand_made, measured, value
from tests.prompts import drawn_from

FIT = Fit(per_step=False, curvature=True, guard=1.0)
KEY = jax.random.key(0)


def plus_plus(rate: float, shrinkage: float, n: int, steps: int = 2) -> GradientDescentPlusPlus:
    return GradientDescentPlusPlus(jnp.full(steps, rate), jnp.full(steps, shrinkage), n, FIT)


def trained(model: object) -> Population:
    return Population(alone(model).learner, [4], 10)  # type: ignore[arg-type]


def random_looped(repeats: int) -> Transformer:
    generator = np.random.default_rng(3)
    select = np.diag([1.0, 1.0, 0.0])
    noise = [0.1 * generator.normal(size=(3, 3)) for _ in range(4)]
    key, query = 2 * select + noise[0], select + noise[1]
    value, projection = np.eye(3) + noise[2], -0.1 * np.eye(3) + 0.1 * noise[3]
    k, q, v, p = (jnp.asarray(matrix)[None] for matrix in (key, query, value, projection))
    return Transformer((Attention(k, q, v, p),), repeats=repeats)


def loops(bilinear: np.ndarray, write: np.ndarray, prompt: Prompt, steps: int, bound: float) -> float:
    """The prediction of a layer on tokens, applied again and again and bounded, for one prompt."""
    tokens = np.concatenate([prompt.x, prompt.y], axis=1)
    query = np.append(prompt.query, 0.0)
    for _ in range(steps):
        moments = tokens.T @ tokens
        moved = [t + write @ moments @ bilinear @ t for t in (*tokens, query)]
        *rest, query = np.clip(moved, -bound, bound)
        tokens = np.array(rest)
    return -float(query[-1])


@pytest.fixture
def prompts() -> Prompt:
    generator = np.random.default_rng(0)
    arrays = [generator.normal(size=shape).astype(np.float32) for shape in ((3, 5, 2), (3, 5, 1), (3, 2))]
    return Prompt(*map(jnp.asarray, arrays))


def clipped_table(folder: Path, prompts: Prompt, bound: float) -> pd.DataFrame:
    learners = {"looped": trained(random_looped(2)), "gdpp": alone(plus_plus(0.4, 0.2, 5))}
    study = hand_made(folder, learners, prompts, np.ones((3, 1)), history={"looped": [fixed_loop()]})
    return measured(
        measure_clipped, study, learners={"looped": ["gdpp"]}, bounds={"looped": bound}, shifted=[], prompts=3
    )


def fixed_loop() -> Population:
    return Population(alone(random_looped(2)).learner, [4], 0)


def test_losses_and_interpolation_of_bounded_layers(tmp_path: Path, double: None, prompts: Prompt) -> None:
    bound = 0.9
    table = clipped_table(tmp_path, prompts, bound)
    layer = random_looped(2).layers[0]
    bilinear, write = (np.asarray(m)[0] for m in layer.products())
    scale = 1 / np.mean(np.diag(bilinear)[:2])
    select, step = np.diag([1.0, 1.0, 0.0]), -np.diag([0.04, 0.04, 0.08])
    mean = (scale * bilinear + select) / 2, (write / scale + step) / 2
    each = [jax.tree.map(lambda a, i=i: np.asarray(a, float)[i], prompts) for i in range(3)]

    def loss(bilinear: np.ndarray, write: np.ndarray) -> float:
        found = [loops(bilinear, write, prompt, 2, bound) for prompt in each]
        return float(0.5 * np.mean((np.array(found) - 1) ** 2))

    last = rows(table, step=10)
    assert value(rows(last, metric="loss", learner="looped")) == pytest.approx(loss(bilinear, write))
    assert value(rows(table, metric="loss", learner="gdpp")) == pytest.approx(loss(select, step))
    excess = loss(bilinear, write) / loss(select, step) - 1
    assert value(rows(last, metric="relative_excess_loss")) == pytest.approx(excess)
    assert value(rows(table, metric="interpolated_loss")) == pytest.approx(loss(*mean))
    assert set(table["bound"]) == {bound}
    assert value(rows(table, metric="loss", learner="looped", step=0)) == pytest.approx(loss(bilinear, write))


def test_without_a_bound_descent_is_descent(tmp_path: Path, double: None, prompts: Prompt) -> None:
    table = clipped_table(tmp_path, prompts, 0.0)
    descent = jax.vmap(plus_plus(0.4, 0.2, 5))(jax.tree.map(lambda a: a.astype(float), prompts))
    expected = 0.5 * float(jnp.mean((descent - 1) ** 2))
    assert value(rows(table, metric="loss", learner="gdpp")) == pytest.approx(expected)


def test_clipped_reads_learners_and_references_once() -> None:
    options = {"learners": {"a": ["gd", "gdpp"], "b": ["gdpp"]}}
    assert measure_clipped.reads(experiment(), options) == ["a", "b", "gd", "gdpp"]


def test_roll_outs_of_labels_keep_inputs(tmp_path: Path, double: None) -> None:
    # Labels are the inputs, so a damped step leaves 1 − ληx² of the error; the layer would also move inputs.
    one = jnp.array([[[1.0]], [[0.5]]])
    study = hand_made(
        tmp_path,
        {"layer": trained(descent_stack(plus_plus(0.5, 0.9, 1, steps=1), (1, 1))),
         "gd": alone(GradientDescent(jnp.array([0.25]), 1))},
        Prompt(one, one, jnp.ones((2, 1))),
        [[1.0], [1.0]],
    )  # fmt: skip
    table = measured(
        measure_label_rollout, study, learner="layer", algorithm="gd", dampings=[1.0, 0.5], steps=3, prompts=2
    )
    for damping in (1.0, 0.5):
        for times in (1, 2, 3):
            at = rows(table, damping=damping, times=times)
            expected = {
                name: 0.25 * sum((1 - damping * rate * x**2) ** (2 * times) for x in (1.0, 0.5))
                for name, rate in (("layer", 0.5), ("gd", 0.25))
            }
            for name, loss in expected.items():
                assert value(rows(at, learner=name, metric="loss")) == pytest.approx(loss)
            excess = value(rows(at, metric="bounded_relative_excess_loss", reference="gd"))
            assert excess == pytest.approx(expected["layer"] / expected["gd"] - 1)


def test_a_plateau_ends_where_the_loss_is_half_way(tmp_path: Path) -> None:
    # Targets are the queries, so W = w leaves (1 − w)² of the loss of zero.
    def at(step: int, *weights: float) -> Population:
        return Population(fixed(*((w,) for w in weights)).learner, [0, 1], step)

    one = jnp.ones((2, 1))
    gone = float(1 - np.sqrt(0.25))  # three quarters of the way
    history = {"slow": [at(0, 0.0, 0.0), at(100, 0.0, gone)], "fast": [at(0, 0.0, 0.0), at(100, 1.0, 1.0)]}
    learners = {"slow": at(300, 1.0, 1.0), "fast": at(300, 1.0, 1.0), "gd": fixed((1.0,))}
    references = {name: {"algorithm": "gd", "rivals": []} for name in ("slow", "fast")}
    study = hand_made(
        tmp_path,
        learners,
        Prompt(one[:, None], one[:, None], one),
        one,
        references=references,
        history=history,
    )
    table = measured(measure_plateau, study, learners=["slow", "fast"], shares=[0.5], prompts=2)
    steps = rows(table, metric="steps_on_plateau")
    assert rows(steps, learner="slow")["value"].tolist() == pytest.approx([200, 100 * 0.5 / 0.75])
    assert rows(steps, learner="fast")["value"].tolist() == pytest.approx([50, 50])
    ratio = 50 / np.mean([200, 100 * 0.5 / 0.75])
    fast = rows(table, metric="plateau_ratio", learner="fast", share=0.5)
    assert fast["value"].tolist() == pytest.approx([ratio, ratio])
    assert measure_plateau.first_time(np.array([0.0, 7.0]), np.array([0.0, 0.4]), 0.5) == 7
    assert measure_plateau.reads(
        experiment(references={"slow": Comparison(algorithm="gd")}), {"learners": ["slow"]}
    ) == ["slow", "gd"]


def test_rates_are_read_off_in_whatever_scale(tmp_path: Path, double: None, prompts: Prompt) -> None:
    layer = looped_descent(plus_plus(0.4, 0.2, 5), (2, 1)).layers[0]
    scaled = Attention(-4 * layer.key, layer.query, layer.value, -layer.projection / 4)
    learners = {"looped": trained(Transformer((scaled,), repeats=2)), "gdpp": alone(plus_plus(0.5, 0.3, 5))}
    study = hand_made(tmp_path, learners, prompts, np.ones((3, 1)))
    table = measured(measure_shrinkages, study, learner="looped", algorithm="gdpp", prompts=3)
    for name, rate, shrinkage in (("looped", 0.08, 0.04), ("gdpp", 0.1, 0.06)):
        assert value(rows(table, learner=name, metric="rate_per_example")) == pytest.approx(rate)
        assert value(rows(table, learner=name, metric="shrinkage_per_example")) == pytest.approx(shrinkage)
    found = [np.linalg.svd(np.asarray(x, float))[1] ** 2 for x in prompts.x]
    assert value(rows(table, metric="largest_eigenvalue")) == pytest.approx(np.max(found))
    assert value(rows(table, metric="smallest_eigenvalue")) == pytest.approx(np.min(found), rel=1e-5)


def test_others_contain_the_next_token() -> None:
    norms = jnp.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert [float(part) for part in measure_copying.parts(norms)] == [3.0, 4.0, (2 + 3 + 4 + 6) / 4]


def slopes(model: SharedSlots, prompt: Prompt) -> np.ndarray:
    """Slopes of the sum of each token's entries after the first layer, by finite differences."""
    raw = np.asarray(raw_tokens(prompt), float)
    found = np.zeros((len(raw) - 2, *raw.shape))
    for place in np.ndindex(*raw.shape):
        ends = []
        for sign in (1, -1):
            moved = raw.copy()
            moved[place] += sign * 1e-5
            ends.append(np.asarray(model.copied(jnp.asarray(moved))).sum(axis=1))
        found[:, *place] = ((ends[0] - ends[1]) / 2e-5)[:-2]
    return found


def test_gradients_are_averaged_before_their_norm_is_taken(tmp_path: Path, double: None) -> None:
    task = LinearRegression(dimension=3, context_length=4)
    stored, targets = drawn_from(task, KEY, 4)
    # Far from its small start, where slopes are no longer those of every prompt.
    model = jax.tree.map(lambda a: jnp.asarray(a, float), shared_slots(task, KEY, scale=3.0))
    start = Population(alone(shared_slots(task, KEY)).learner, [4], 0)
    study = hand_made(tmp_path, {"slots": trained(model)}, stored, targets, history={"slots": [start]})
    table = measured(measure_copying, study, learner="slots", prompts=4)
    last = rows(table, step=10, metric="sensitivity_norm")
    prompts = [jax.tree.map(lambda a, i=i: jnp.asarray(a[i], float), stored) for i in range(4)]
    each = np.stack([slopes(model, prompt) for prompt in prompts])
    averaged = np.linalg.norm(each.mean(axis=0), axis=-1)
    other_order = np.linalg.norm(each, axis=-1).mean(axis=0)
    for norms, same in ((averaged, True), (other_order, False)):
        own, following = np.diagonal(norms).mean(), np.diagonal(norms, 1).mean()
        other = (norms.sum(axis=1) - np.diagonal(norms)).mean() / len(norms)
        for token, expected in (("own", own), ("next", following), ("other", other)):
            found = value(rows(last, token=token))
            assert bool(found == pytest.approx(expected, rel=1e-4)) is same
    ratio = value(rows(last, token="next")) / value(rows(last, token="other"))
    assert value(rows(table, step=10, metric="next_over_other")) == pytest.approx(ratio)
    own = rows(table, metric="sensitivity_norm", token="own")
    # Before training a token is what it was: the sum of its entries has slope one in each of three.
    assert value(rows(own, step=0)) == pytest.approx(np.sqrt(3), abs=0.02)
    largest = rows(table, metric="largest_sensitivity_norm", token="own")
    assert value(largest) == own["value"].max()


def test_attention_to_the_next_token(tmp_path: Path, double: None) -> None:
    """Without keys every one of the eight context tokens is read alike."""
    task = LinearRegression(dimension=3, context_length=4)
    stored, targets = drawn_from(task, KEY, 2)
    model = shared_slots(task, KEY)
    blind = dataclasses.replace(model.copying, key=0 * model.copying.key)
    sharp = dataclasses.replace(model.copying, key=1000 * model.copying.key)
    learners = {"slots": trained(dataclasses.replace(model, copying=blind))}
    study = hand_made(tmp_path, learners, stored, targets, history={"slots": []})
    table = measured(measure_copying, study, learner="slots", prompts=2)
    assert value(rows(table, metric="next_attention")) == pytest.approx(1 / 8)
    changed = dataclasses.replace(model, copying=sharp)
    expected = []
    for i in range(2):
        raw = raw_tokens(jax.tree.map(lambda a, i=i: jnp.asarray(a[i], float), stored))
        angles = np.arange(9)[:, None] * 10_000.0 ** (-2 * np.arange(5) / 10)
        codes = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(9, 10)
        tokens = np.concatenate([raw, codes], axis=1)
        keys, queries = (tokens @ np.asarray(m, float)[0].T for m in (sharp.key, sharp.query))
        raised = np.exp(queries @ keys[:-1].T / np.sqrt(13))
        weights = raised / raised.sum(axis=1, keepdims=True)
        expected.append(np.mean([weights[k, k + 1] for k in range(7)]))
    found = measure_copying.curves(alone(changed).learner, stored)[3]
    assert float(found[0]) == pytest.approx(np.mean(expected), rel=1e-5)


def test_a_curve_is_half_way_to_its_extreme() -> None:
    steps = np.array([0.0, 100.0, 200.0, 400.0])
    moved = np.array([[0.0, 0.0], [0.0, 4.0], [3.0, 1.0], [4.0, 2.0]])
    assert measure_copying.half_way(steps, moved) == pytest.approx([100 + 100 * 2 / 3, 50])
    never = measure_copying.half_way(steps, np.zeros((4, 1)))
    assert never == pytest.approx([400])


def test_a_lead_is_the_losss_time_less_that_of_copying(
    tmp_path: Path, double: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = jnp.ones((2, 1))
    reached = [fixed((weight,), (0.0,)) for weight in (0.0, 0.0, 1.0)]
    populations = [
        Population(p.learner, [0, 1], step) for p, step in zip(reached, (0, 100, 200), strict=True)
    ]
    levels = iter([(0.0, 0.0, 0.1, 0.1), (0.0, 0.5, 0.2, 0.1), (0.0, 1.0, 0.2, 0.9)])

    def curves(*_: object) -> tuple[np.ndarray, ...]:
        return tuple(np.full(2, level) for level in next(levels))

    monkeypatch.setattr(measure_copying, "curves", curves)
    prompts = Prompt(one[:, None], one[:, None], one)
    history = {"slots": populations[:2]}
    study = hand_made(tmp_path, {"slots": populations[2]}, prompts, one, history=history)
    table = measured(measure_copying, study, learner="slots", prompts=2)
    # The loss is half-way at 100 + 100/2 if it falls by all; one that never falls counts as at the end.
    assert rows(table, metric="sensitivity_lead")["value"].tolist() == pytest.approx([50, 100])
    assert rows(table, metric="attention_lead")["value"].tolist() == pytest.approx([0, 50])


def test_functions_are_the_predictions_before_and_after_the_layer(tmp_path: Path, double: None) -> None:
    task = SineWaves(context_length=4)
    stored, targets = drawn_from(task, KEY, 2)
    model = wave_attention(task, KEY, scale=2.0)
    study = hand_made(tmp_path, {"wave": trained(model)}, stored, targets)
    table = measured(measure_wave_functions, study, learners=["wave"], shown=1, points=3)
    first = jax.tree.map(lambda a: a[0], stored)
    for query in (-REACH, 0.0, REACH):
        expected = model.trajectory(Prompt(first.x, first.y, jnp.array([query])))[:, 0]
        for metric, wanted in zip(("before_layer", "after_layer"), expected, strict=True):
            found = value(rows(table, metric=metric, prompt=0, query=query))
            assert found == pytest.approx(float(wanted), rel=1e-3, abs=1e-6)
    labels = rows(table, metric="example_y", learner="examples").sort_values("example")["value"]
    np.testing.assert_allclose(labels, first.y[:, 0], rtol=1e-6)
