"""The constructed layer against explicit gradient steps."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icgd.algorithms.descent import GradientDescent
from icgd.constructions.gradient_layer import canonical, constructed_step, gradient_layer, interpolate
from icgd.models.attention_stack import Transformer
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate
from tests.prompts import random_prompt

KEY = jax.random.key(0)

SIZES = {"d": st.integers(1, 6), "n": st.integers(1, 8), "m": st.integers(1, 3)}


@settings(deadline=None, max_examples=25)
@given(**SIZES, seed=st.integers(0, 9), rate=st.floats(0.01, 3))
def test_construction_is_a_gradient_step(d: int, n: int, m: int, seed: int, rate: float) -> None:
    jax.config.update("jax_enable_x64", True)
    prompt = random_prompt(seed, n, d, m)
    start = np.random.default_rng(seed + 1).normal(size=(m, d))

    def loss(weights: jax.Array) -> jax.Array:
        return jnp.sum((prompt.x @ weights.T - prompt.y) ** 2) / (2 * n)

    stepped = start - rate * np.asarray(jax.grad(loss)(jnp.asarray(start)))
    layer = gradient_layer(jnp.asarray(start), rate, n)
    np.testing.assert_allclose(layer(prompt), stepped @ np.asarray(prompt.query), atol=1e-11)


def test_repeated_construction_is_gradient_descent(double: None) -> None:
    task = LinearRegression(dimension=3, context_length=5)
    prompt = random_prompt(2, 5, 3, 1)
    layer = eqx.tree_at(lambda m: m.initial_weights, constructed_step(task, KEY), None)
    layer = Transformer(layer.layers, None, repeats=6, damping=0.3)
    rate = jnp.asarray(optimal_learning_rate(task))
    descent = GradientDescent(jnp.full(6, 0.3 * rate))
    np.testing.assert_allclose(layer.trajectory(prompt), descent.trajectory(prompt), rtol=1e-9)


@pytest.mark.parametrize("factor", [1.0, -3.0, 0.01])
def test_canonical_form_undoes_the_free_scalar(double: None, factor: float) -> None:
    task = LinearRegression(dimension=3, context_length=4)
    model = constructed_step(task, KEY)
    scaled = eqx.tree_at(
        lambda m: (m.layers[0].query, m.layers[0].value),
        model,
        (factor * model.layers[0].query, model.layers[0].value / factor),
    )
    prompt = random_prompt(5, 4, 3, 1)
    np.testing.assert_allclose(scaled(prompt), model(prompt), rtol=1e-12)
    same, again = canonical(scaled, model), canonical(model, model)
    for a, b in zip(jax.tree.leaves(same), jax.tree.leaves(again), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    np.testing.assert_allclose(interpolate(scaled, model)(prompt), model(prompt), rtol=1e-12)
