"""Attention stacks against loops over tokens and heads."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest

from icgd.models.attention_stack import Transformer, attention_stack
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from tests.prompts import random_prompt

KEY = jax.random.key(0)


def standardise(token: np.ndarray) -> np.ndarray:
    return (token - token.mean()) / np.sqrt(token.var() + 1e-5)


def dense_attention(model: Transformer, prompt: Prompt) -> np.ndarray:
    """Equation 1 written with loops over tokens and heads."""
    m = prompt.y.shape[1]
    context = [np.concatenate(pair) for pair in zip(np.asarray(prompt.x), np.asarray(prompt.y), strict=True)]
    query = np.concatenate([np.asarray(prompt.query), np.zeros(m)])
    for layer in model.layers:
        matrices = (layer.key, layer.query, layer.value, layer.projection)
        heads = list(zip(*map(np.asarray, matrices), strict=True))
        tokens = [*context, query]
        updated = []
        for token in tokens:
            total = np.zeros_like(token)
            seen = [standardise(other) if layer.norm == "layer" else other for other in context]
            asked = standardise(token) if layer.norm == "layer" else token
            for k, q, v, p in heads:
                scores = np.array([(k @ other) @ (q @ asked) for other in seen])
                if layer.kernel == "softmax":
                    scores = np.exp(scores) / np.exp(scores).sum()
                for score, other in zip(scores, seen, strict=True):
                    total += p @ v @ other * score
            updated.append(token + total)
        *context, query = updated
    return -query[-m:]


VARIANTS: list[dict[str, Any]] = [
    {},
    {"layers": 2},
    {"heads": 2, "outputs": 3},
    {"layers": 3, "heads": 2, "outputs": 2},
    {"repeats": 3},
    {"kernel": "softmax", "heads": 2, "layers": 2},
    {"kernel": "softmax", "normalised": True},
    {"normalised": True, "layers": 2},
    {"normalised": True, "layers": 10},
    {"layers": 5, "repeats": 2, "initial_scale": 0.2},
]


def random_model(options: dict[str, Any]) -> tuple[Transformer, LinearRegression]:
    task = LinearRegression(dimension=3, context_length=4, outputs=options.get("outputs", 1))
    shape = {"initial_scale": 0.5} | {k: v for k, v in options.items() if k != "outputs"}
    model = attention_stack(task, KEY, **shape)
    return jax.tree.map(lambda a: a.astype(float), model), task


@pytest.mark.parametrize("options", VARIANTS)
def test_transformer_matches_dense_attention(double: None, options: dict[str, Any]) -> None:
    model, task = random_model(options)
    prompt = random_prompt(1, 4, 3, task.outputs)
    unrolled = eqx.tree_at(lambda m: m.layers, model, model.layers * options.get("repeats", 1))
    np.testing.assert_allclose(model(prompt), dense_attention(unrolled, prompt), rtol=1e-10)
