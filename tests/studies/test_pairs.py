"""Pairs of tokens: what is measured on layers whose attention and predictions are known."""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.descent import GradientDescent, NormalisedStep
from icgd.analysis.study import alone
from icgd.models.pair_stack import PairTransformer, frequencies, induction_layers
from icgd.prompt import Prompt
from icgd.spec.model import Comparison
from icgd.studies.pairs import (
    measure_example_weights,
    measure_pair_circuit,
    measure_pair_construction,
    measure_pair_formation,
)
from tests.studies.handmade import make_experiment, make_study, measured, seeds, values

D, N, CODES = 2, 3, 10
TASK = {
    "module": "icgd.tasks.linear_regression",
    "name": "LinearRegression",
    "options": {"dimension": D, "context_length": N},
}
COMPARED = {"pairs": Comparison(algorithm="gd", rivals=["other"])}


def drawn(count: int = 5) -> Prompt:
    generator = np.random.default_rng(0)
    shapes = ((count, N, D), (count, N, 1), (count, D))
    return Prompt(*(jnp.asarray(generator.normal(size=shape)) for shape in shapes))


def attention(sharpness: float, back: int = 1) -> np.ndarray:
    """Softmax of β Σ_i cos ω_i (t − s − back)."""
    place = np.arange(2 * N + 1)
    apart = place[:, None] - place - back
    raised = np.exp(sharpness * np.cos(apart[..., None] * frequencies(CODES)).sum(axis=-1))
    return raised / raised.sum(axis=1, keepdims=True)


def step(prompts: Prompt, maps: np.ndarray) -> np.ndarray:
    """Σ_s y_s (x'_s·x'_q) with inputs x' = x + map · x: the step at rate one per example, [p 1]."""
    x, y, query = map(np.asarray, (prompts.x, prompts.y, prompts.query))
    inputs, labels = np.zeros((len(x), 2 * N + 1, D)), np.zeros((len(x), 2 * N + 1, 1))
    inputs[:, 0:-1:2], inputs[:, -1], labels[:, 1::2] = x, query, y
    seen = inputs + maps @ inputs
    return np.einsum("psm,psd,pd->pm", labels, seen, seen[:, -1])


def descent(prompts: Prompt) -> np.ndarray:
    return np.einsum("pjm,pjd,pd->pm", prompts.y, prompts.x, prompts.query)


def best_rate() -> float:
    """η* = N E‖x‖² / (E‖x‖⁴ + (N − 1)(E‖x‖²)²/d) for entries from U(−½, ½), with moments 1/12 and 1/80."""
    length = D / 12
    return N * length / (D / 80 + D * (D - 1) / 144 + (N - 1) * length**2 / D)


def layers(sharpness: float, rate_per_example: float) -> PairTransformer:
    return induction_layers(D, 1, CODES, sharpness, rate_per_example)


def forward(sharpness: float, rate_per_example: float) -> PairTransformer:
    """Every token reads the one after it, so that inputs read their labels."""
    model = layers(sharpness, rate_per_example)
    turned = jnp.swapaxes(model.copying.query, 1, 2)
    return eqx.tree_at(lambda m: m.copying.query, model, turned)


def test_construction_at_low_and_high_sharpness(tmp_path: Path, double: None) -> None:
    prompts = drawn()
    targets = np.random.default_rng(1).normal(size=(5, 1))
    study = make_study(tmp_path, prompts, targets, {}, task=TASK)
    found = measured(
        measure_pair_construction, study, sharpness=[1.0, 100.0], linear_codes=[20, 40], prompts=5
    )
    rate = best_rate()
    apart = abs(rate / N * (step(prompts, attention(1.0)) - descent(prompts)))
    relative = apart.mean() / abs(targets).mean()
    assert values(found, metric="relative_distance", sharpness=1.0) == pytest.approx([relative])
    assert values(found, metric="largest_difference", sharpness=1.0) == pytest.approx([apart.max()])
    assert values(found, metric="largest_difference", sharpness=100.0)[0] < 1e-12
    assert values(found, metric="linear_largest_difference") == pytest.approx([0], abs=1e-12)
    assert (
        values(found, metric="linear_largest_entry", codes=20)[0]
        > values(found, metric="linear_largest_entry", codes=40)[0]
    )
    assert measure_pair_construction.reads(make_experiment(), {}) == []


def test_weight_of_an_example_by_its_length(tmp_path: Path, double: None) -> None:
    """With x = (1, 2) and x_q = 1: Σ(∂ŷ/∂y·x x_q) is 1 + 1 for the normalised step, Σ(x x_q)² is 1 + 4."""
    x = np.tile([[[1.0], [2.0]]], (3, 1, 1))
    prompts = Prompt(jnp.asarray(x), jnp.ones((3, 2, 1)), jnp.ones((3, 1)))
    learners = {
        "normalised": alone(NormalisedStep(jnp.asarray(0.7))),
        "plain": seeds(*(GradientDescent(jnp.array([rate])) for rate in (0.3, 2.0))),
    }
    study = make_study(tmp_path, prompts, np.ones((3, 1)), learners, task=TASK)
    options = {"learners": ["normalised", "plain"], "edges": [0.5, 1.5, 4.5]}
    found = measured(measure_example_weights, study, **options, prompts=3)
    assert values(found, learner="normalised", squared_norm=1.0) == pytest.approx([1 / (2 / 5)])
    assert values(found, learner="normalised", squared_norm=3.0) == pytest.approx([(1 / 4) / (2 / 5)])
    assert values(found, learner="plain") == pytest.approx([1, 1, 1, 1])
    assert measure_example_weights.reads(make_experiment(), options) == ["normalised", "plain"]


def test_circuit_of_an_induction_head(tmp_path: Path, double: None) -> None:
    prompts = drawn()
    exact = descent(prompts)
    targets = 2.0 * exact + np.random.default_rng(1).normal(size=exact.shape)
    learners = {
        "pairs": seeds(*(layers(100.0, rate) for rate in (0.5, 1.0))),
        "gd": alone(GradientDescent(jnp.array([3.0]), 1)),
    }
    study = make_study(tmp_path, prompts, targets, learners, task=TASK, references=COMPARED)
    found = measured(measure_pair_circuit, study, learners=["pairs"], prompts=5)
    for row, column in ((1, 0), (2, 1), (3, 0)):
        seen = [attention(100.0)[row, column]] * 2
        where = {"head": 1, "row": row, "column": column}
        assert values(found, metric="attention", **where) == pytest.approx(seen, abs=1e-12)
    assert values(found, metric="input_to_label") == pytest.approx([1, 1])
    assert values(found, metric="label_to_input") == pytest.approx([0, 0], abs=1e-12)

    def loss(scale: float) -> float:
        return float(0.5 * ((scale * exact - targets) ** 2).mean())

    base = loss(3.0)
    best = float((exact * targets).sum() / (exact**2).sum())
    trained = {"map": "none", "reference": "gd"}
    assert values(found, metric="loss", map="none") == pytest.approx([loss(0.5), loss(1.0)])
    excess = [loss(0.5) / base - 1, loss(1.0) / base - 1]
    assert values(found, metric="relative_excess_loss", **trained) == pytest.approx(excess)
    rescaled = [loss(best) / base - 1] * 2
    assert values(found, metric="relative_excess_loss_rescaled", **trained) == pytest.approx(rescaled)
    assert values(found, metric="prediction_correlation", **trained) == pytest.approx([1, 1])
    assert values(found, metric="relative_distance_rescaled", **trained) == pytest.approx([0, 0], abs=1e-12)
    kept = values(found, metric="loss", map="no_label_to_input")
    assert kept == pytest.approx([loss(0.5), loss(1.0)])
    assert values(found, metric="loss", map="mean") == pytest.approx(kept)
    changed = values(found, metric="loss", map="no_input_to_label")
    assert min(abs(np.subtract(changed, kept))) > 1e-3
    assert measure_pair_circuit.reads(make_experiment(**COMPARED), {"learners": ["pairs"]}) == ["pairs", "gd"]


def test_order_of_copying_and_the_fall_of_the_loss(tmp_path: Path, double: None) -> None:
    """Attention is there from step 10 on; the seeds' losses fall to zero at steps 20 and 30."""
    prompts = drawn()
    targets = step(prompts, attention(100.0, back=-1))  # what the layers end at
    stages = [(0.0, 0.0, 0.0), (100.0, 0.0, 0.0), (100.0, 1.0, 0.0), (100.0, 1.0, 1.0)]
    found = [
        seeds(forward(beta, one), forward(beta, other), step=10 * index)
        for index, (beta, one, other) in enumerate(stages)
    ]
    stuck = [seeds(forward(0.0, 0.0), forward(0.0, 1e-9), step=at) for at in (0, 10)]
    learners = {"pairs": found[-1], "stuck": stuck[-1], "gd": alone(forward(100.0, 1.0))}
    references = COMPARED | {"stuck": Comparison(algorithm="gd")}
    history = {"pairs": found[:-1], "stuck": stuck[:-1]}
    study = make_study(
        tmp_path, prompts, targets, learners, task=TASK, references=references, history=history
    )
    options = {"learners": ["pairs", "stuck"], "fractions": [0.5], "reach": 10, "resamples": 400}
    table = measured(measure_pair_formation, study, **options, prompts=5, sensitivity_prompts=2)
    table_of = table[table["learner"] == "pairs"]

    plateau = float(0.5 * (targets**2).mean())
    assert values(table_of, metric="level", curve="loss", step=20) == pytest.approx([0, plateau])
    assert values(table_of, metric="level", curve="attention", step=0) == pytest.approx([1 / 7] * 2)
    assert values(table_of, metric="level", curve="attention", step=10) == pytest.approx([1, 1])
    levels = {
        curve: np.array(values(table_of, metric="level", curve=curve))
        for curve in ("partner", "other", "specific")
    }
    np.testing.assert_allclose(levels["specific"], levels["partner"] - levels["other"])
    assert values(table_of, metric="fall_time", fraction=0.5) == [20, 30]
    assert values(table_of, metric="lead", curve="attention") == [10, 20]
    assert values(table_of, metric="lead_low", curve="attention") == [10]
    assert values(table_of, metric="lead_high", curve="attention") == [20]
    assert values(table_of, metric="share", curve="loss", offset=-5.0) == pytest.approx([0.5, 0.5])
    assert values(table_of, metric="share", curve="attention", offset=-10.0) == pytest.approx([1, 1])
    assert values(table_of, metric="seeds_on_plateau") == [0]
    assert values(table, learner="stuck", metric="seeds_on_plateau") == [2]
    reads = measure_pair_formation.reads(make_experiment(**references), options)
    assert reads == ["pairs", "stuck", "gd"]
