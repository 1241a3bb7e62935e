"""Softmax heads on prompts of one number, where their output is a logistic function of the query."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from icgd.analysis.columns import Record
from icgd.analysis.study import Population, alone
from icgd.analysis.tidy import rows
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from icgd.plotting.looks import Looks
from icgd.prompt import Prompt
from icgd.spec.model import Comparison
from icgd.studies.softmax import measure_heads, plot_heads
from tests.by_hand import LOOKS, drawn, experiment, fixed, hand_made, lines, measured, row, seeds, value

LOGIT = 0.5
QUERIES, TARGETS = np.array([1.0, -2.0]), np.array([2.0, 1.0])
# Examples (1, 1) and (−1, 0): a head with logits c·x·x_q gives the weight of the first, 1/(1 + exp(−2c·x_q)).
PROMPTS = Prompt(
    jnp.array([[[1.0], [-1.0]]] * 2), jnp.array([[[1.0], [0.0]]] * 2), jnp.array(QUERIES)[:, None]
)


def first_weight(c: float) -> np.ndarray:
    return 1 / (1 + np.exp(-2 * c * QUERIES))


def stack(*signs: float, of_inputs: float = 0.0) -> Population:
    """Heads with logits ±½·x·x_q that write ± what they read of the labels, and so much of the inputs."""
    heads = jnp.array(signs)[:, None, None]
    reads, writes = jnp.diag(jnp.array([1.0, 0.0])), jnp.diag(jnp.array([0.0, 1.0]))
    same = jnp.ones_like(heads)
    projection = -heads * writes - of_inputs * jnp.array([[0.0, 0.0], [1.0, 0.0]])
    layer = Attention(reads * same, LOGIT * heads * reads, jnp.eye(2) * same, projection, kernel="softmax")
    return Population(alone(Transformer((layer,))).learner, [4], 10)


@pytest.fixture
def table(tmp_path: Path, double: None) -> pd.DataFrame:
    learners = {"one": stack(1.0), "two": stack(1.0, -1.0), "gd": fixed((3.0,))}
    references = {name: {"algorithm": "gd", "rivals": []} for name in ("one", "two")}
    study = hand_made(tmp_path, learners, PROMPTS, TARGETS[:, None], references=references)
    return measured(measure_heads, study, learners=["one", "two"], logit_scales=[0.5, 2.0], prompts=2)


def test_a_head_is_as_even_as_its_weights_and_two_cancel(table: pd.DataFrame) -> None:
    odd = np.tanh(
        LOGIT * QUERIES
    )  # the difference of the weights for a query and its mirror image; their sum is 1
    alone = 1 / np.sqrt(np.mean(odd**2))
    heads = rows(table, metric="head_even_over_odd")
    assert heads[["learner", "head", "seed", "step"]].to_numpy().tolist() == [
        ["one", 1, 4, 10], ["two", 1, 4, 10], ["two", 2, 4, 10]
    ]  # fmt: skip
    np.testing.assert_allclose(heads["value"], alone, rtol=1e-6)
    assert value(rows(table, metric="even_over_odd", learner="one")) == pytest.approx(alone)
    assert value(rows(table, metric="even_over_odd", learner="two")) == pytest.approx(0, abs=1e-10)


def test_heads_of_two_numbers_are_rebuilt_and_others_are_not(tmp_path: Path, double: None) -> None:
    learners = {"exact": stack(1.0, -1.0), "other": stack(1.0, -1.0, of_inputs=0.25), "gd": fixed((3.0,))}
    references = {name: {"algorithm": "gd", "rivals": []} for name in ("exact", "other")}
    study = hand_made(tmp_path, learners, PROMPTS, TARGETS[:, None], references=references)
    found = measured(measure_heads, study, learners=["exact", "other"], logit_scales=[0.5], prompts=2)
    found = rows(found, metric="rebuilt_distance")
    assert value(rows(found, learner="exact")) == pytest.approx(0, abs=1e-12)
    # Each head reads the inputs 1 and −1 with weights w and 1 − w, and adds a quarter of their mean to ŷ.
    inputs = [2 * first_weight(sign * LOGIT) - 1 for sign in (1, -1)]
    apart = np.abs(0.25 * sum(inputs)) / np.mean(np.abs(TARGETS))
    assert value(rows(found, learner="other")) == pytest.approx(apart.mean())


@pytest.mark.parametrize("c", [0.5, 2.0])
def test_constructed_heads_have_the_best_output_scale(table: pd.DataFrame, c: float) -> None:
    mirrored = first_weight(-c)
    for name, unit in (("softmax_heads_1", first_weight(c)), ("softmax_heads_2", first_weight(c) - mirrored)):
        best = np.linalg.lstsq(unit[:, None], TARGETS, rcond=None)[0][0] * unit
        found = rows(table, learner=name, logit_scale=c)
        assert value(rows(found, metric="loss")) == pytest.approx(0.5 * np.mean((best - TARGETS) ** 2))
        apart = np.mean(np.abs(best - 3 * QUERIES)) / np.mean(np.abs(TARGETS))
        assert value(rows(found, metric="relative_distance", reference="gd")) == pytest.approx(apart)


def test_heads_read_the_algorithm_of_the_first() -> None:
    references = {"one": Comparison(algorithm="gd"), "two": Comparison(algorithm="ols")}
    found = experiment(references=references)
    assert measure_heads.reads(found, {"learners": ["one", "two"]}) == ["one", "two", "gd"]


def test_heads_are_points_and_constructed_ones_curves() -> None:
    looks = Looks({**LOOKS, "softmax_heads_1": LOOKS["gd"], "softmax_heads_2": LOOKS["ols"]})
    found: list[Record] = seeds("gd", "head_even_over_odd", [0.8, 1.0], head=1)
    found += seeds("gd", "even_over_odd", [0.8, 1.0])
    for head, ratio in ((2, 1.5), (1, 1.2)):
        found += seeds("model", "head_even_over_odd", [ratio, ratio], head=head)
    found += seeds("model", "even_over_odd", [0.1, 0.3])
    for c, apart in ((10.0, 0.5), (0.1, 0.2)):
        for name in ("softmax_heads_1", "softmax_heads_2"):
            found += [row(name, "relative_distance", apart, logit_scale=c, reference="gd")]
            found += [row(name, "loss", 9.0, logit_scale=c)]
    figure = drawn(plot_heads, found, measure_heads.COLUMNS, looks, learners=["gd", "model"])
    left, right = figure.axes
    assert [label.get_text() for label in left.get_xticklabels()] == ["head 1", "head 1", "head 2", "sum"]
    drawn_points = [float(bars.lines[0].get_ydata()[0]) for bars in left.containers]
    assert drawn_points == pytest.approx([0.9, 1.2, 1.5, 0.2])
    assert [bars.lines[0].get_color() for bars in left.containers] == [
        looks[name].colour for name in ("gd", "model", "model", "model")
    ]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["GD", "least squares"]
    assert lines(right) == {name: ([0.1, 10.0], [0.2, 0.5]) for name in ("GD", "least squares")}
    assert right.get_xscale() == "log"
