"""Measurements at the source's settings, on problems whose answers are known or written again in NumPy."""

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
from icgd.studies.tlig.shared_slots import shared_slots
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


def test_gradients_are_averaged_before_their_norm_is_taken(tmp_path: Path, double: None) -> None:
    task = LinearRegression(dimension=3, context_length=4)
    stored, targets = drawn_from(task, KEY, 4)
    model = trained(shared_slots(task, KEY))
    study = hand_made(tmp_path, {"slots": model}, stored, targets, history={"slots": []})
    table = measured(measure_copying, study, learner="slots", prompts=4)
    # Before training a token is what it was: the sum of its entries has slope one in each of three.
    found = {
        token: value(rows(table, metric="sensitivity_norm", token=token))
        for token in ("own", "next", "other")
    }
    assert found["own"] == pytest.approx(np.sqrt(3), abs=0.02)
    assert found["next"] < 0.02
    largest = rows(table, metric="largest_sensitivity_norm", token="own")
    assert value(largest) == found["own"]
    doubled = jax.tree.map(lambda a: jnp.concatenate([a, a]), stored)
    again = measure_copying.curves(model.learner, doubled)
    assert [float(curve[0]) for curve in again] == pytest.approx(list(found.values()))


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
