"""Entries of a layer's products, and the scalar that a gauge fixes."""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from icgd.algorithms.smoothers import Trivial
from icgd.analysis import measure_weights
from icgd.analysis.study import Population, Study, alone
from icgd.analysis.tidy import rows
from icgd.constructions.gradient_layer import gradient_layer
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from tests.analysis.test_measure_alignment import PROMPTS, TARGETS
from tests.by_hand import experiment, hand_made, measured

GENERATOR = np.random.default_rng(0)
MATRICES = GENERATOR.normal(size=(4, 2, 2, 3, 3))  # of key, query, value and projection: seeds, heads


def matrix(table: pd.DataFrame, metric: str, **wanted: object) -> np.ndarray:
    return (
        rows(table, metric=metric, **wanted)
        .pivot_table(index="row", columns="column", values="value")
        .to_numpy()
    )


def a_study(folder: Path, **learners: Population) -> Study:
    return hand_made(folder, learners, PROMPTS, TARGETS)


def test_entries_are_those_of_the_products(tmp_path: Path, double: None) -> None:
    stack = eqx.filter_vmap(lambda *parts: Transformer((Attention(*parts),)))(*map(jnp.asarray, MATRICES))
    study = a_study(tmp_path, stack=Population(stack, [0, 1], 7))
    table = measured(measure_weights, study, learners=["stack"])
    k, q, v, p = MATRICES
    for seed in (0, 1):
        for head in (0, 1):
            where = {"seed": seed, "step": 7, "head": head + 1}
            np.testing.assert_allclose(matrix(table, "key_query", **where), k[seed, head].T @ q[seed, head])
            np.testing.assert_allclose(
                matrix(table, "projection_value", **where), p[seed, head] @ v[seed, head]
            )


def test_a_gauge_undoes_the_free_scalar(tmp_path: Path, double: None) -> None:
    layer = gradient_layer(jnp.zeros((1, 2)), 0.5, 1)
    parts = layer.layers[0]
    scaled = eqx.tree_at(
        lambda m: (m.layers[0].query, m.layers[0].value), layer, (-4 * parts.query, parts.value / -4)
    )
    study = a_study(tmp_path, scaled=alone(scaled), construction=alone(layer))
    free = measured(measure_weights, study, learners=["scaled"])
    np.testing.assert_allclose(matrix(free, "key_query"), np.diag([-4, -4, 0]))
    fixed = measured(measure_weights, study, learners=["scaled", "construction"], gauge="construction")
    for learner in ("scaled", "construction"):
        np.testing.assert_allclose(
            matrix(fixed, "key_query", learner=learner), np.diag([1, 1, 0]), atol=1e-12
        )
        np.testing.assert_allclose(
            matrix(fixed, "projection_value", learner=learner), np.diag([0, 0, -0.5]), atol=1e-12
        )


def test_it_reads_the_gauge_too_and_refuses_what_has_no_weights(tmp_path: Path) -> None:
    options = {"learners": ["a", "b"], "gauge": "c"}
    assert measure_weights.reads(experiment(), options) == ["a", "b", "c"]
    with pytest.raises(TypeError, match="not of Trivial"):
        measured(measure_weights, a_study(tmp_path, zero=alone(Trivial())), learners=["zero"])
