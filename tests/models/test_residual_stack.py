"""Residual stacks against loops over tokens, and against attention stacks."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.models.attention_stack import attention_stack
from icgd.models.layers import initial_attention
from icgd.models.residual_stack import LearnedNorm, PlainMLP, ResidualLayer, ResidualStack, bounded_stack
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from tests.prompts import random_prompt

KEY = jax.random.key(0)


def gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def by_loops(model: ResidualStack, prompt: Prompt) -> list[float]:
    """Predictions after each layer, for one head and one label."""
    tokens = [np.append(x, y) for x, y in zip(np.asarray(prompt.x), np.asarray(prompt.y), strict=True)]
    tokens.append(np.append(np.asarray(prompt.query), 0.0))
    found = []
    for layer in model.layers:
        attention, norm, mlp = layer.attention, layer.norm, layer.mlp
        key, query, value, projection = (
            np.asarray(matrix)[0]
            for matrix in (attention.key, attention.query, attention.value, attention.projection)
        )
        seen = tokens
        if norm is not None:
            standard = [(t - t.mean()) / np.sqrt(t.var() + 1e-5) for t in tokens]
            seen = [np.asarray(norm.scale) * t + np.asarray(norm.offset) for t in standard]
        moved = [
            t + projection @ sum(value @ o * ((key @ o) @ (query @ s)) for o in seen[:-1])
            for t, s in zip(tokens, seen, strict=True)
        ]
        tokens = [np.clip(t, -model.bound, model.bound) for t in moved]
        if mlp is not None:
            added = [t + np.asarray(mlp.outer) @ gelu(np.asarray(mlp.inner) @ t) for t in tokens]
            tokens = [np.clip(t, -model.bound, model.bound) for t in added]
        found.append(-tokens[-1][-1])
    return found


def random_stack(bound: float) -> ResidualStack:
    def layer(key: jax.Array) -> ResidualLayer:
        a, b, c, d, e = jax.random.split(key, 5)
        norm = LearnedNorm(1 + jax.random.normal(b, (4,)), jax.random.normal(c, (4,)))
        mlp = PlainMLP(jax.random.normal(d, (6, 4)), jax.random.normal(e, (4, 6)))
        attention = jax.tree.map(lambda x: x.astype(float), initial_attention(a, 4, 0.8))
        return ResidualLayer(attention, norm, mlp)

    return ResidualStack(tuple(map(layer, jax.random.split(KEY, 2))), bound=bound)


@pytest.mark.parametrize("bound", [1e3, 0.7])
def test_layers_are_attention_then_mlp_on_normed_and_bounded_tokens(double: None, bound: float) -> None:
    model, prompt = random_stack(bound), random_prompt(0, 5, 3, 1)
    np.testing.assert_allclose(model.trajectory(prompt)[:, 0], by_loops(model, prompt), rtol=1e-9)


def test_a_bounded_stack_is_the_stack_where_no_bound_holds(double: None) -> None:
    task = LinearRegression(dimension=3, context_length=5)
    model = attention_stack(task, KEY, layers=2, repeats=2, heads=2, kernel="softmax")
    prompt = random_prompt(0, 5, 3, 1)
    for bound in (0.0, 1e6):
        np.testing.assert_allclose(
            bounded_stack(model, bound).trajectory(prompt), model.trajectory(prompt), rtol=1e-6
        )
    assert float(jnp.abs(bounded_stack(model, 1e-3).trajectory(prompt)).max()) <= 1e-3
    again = bounded_stack(bounded_stack(model, 1e-3), 0.0)
    np.testing.assert_allclose(again.trajectory(prompt), model.trajectory(prompt), rtol=1e-6)


def test_what_a_residual_stack_has_not_is_refused() -> None:
    model = attention_stack(LinearRegression(dimension=3), KEY)
    with pytest.raises(ValueError, match="no W₀ and the damping 0.5"):
        bounded_stack(dataclasses.replace(model, damping=0.5), 1.0)
    with pytest.raises(ValueError, match="a W₀ and the damping 1.0"):
        bounded_stack(dataclasses.replace(model, initial_weights=jnp.zeros((1, 3))), 1.0)
