"""Attention in all its forms against loops over tokens, and the loss of token predictions."""

from collections.abc import Callable
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.models.layers import (
    EPSILON,
    Attention,
    Norm,
    initial_attention,
    initial_mlp,
    normalised,
    softmax,
)
from icgd.prompt import TokenPrompt
from icgd.task import TokenTask

N, WIDTH, HEADS, REACH = 5, 4, 2, 3


def attention(kernel: str, norm: str, causal: bool) -> Attention:
    bias = jax.random.normal(jax.random.key(2), (HEADS, REACH)) if causal else None
    fields: dict[str, Any] = {"kernel": kernel, "norm": norm, "causal": causal, "position_bias": bias}
    layer = initial_attention(jax.random.key(1), WIDTH, 0.8, HEADS, **fields)
    return jax.tree.map(lambda a: a.astype(float), layer)


def looped(layer: Attention, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights [h t n] and what is written, one token and head at a time."""
    seen = tokens.copy()
    if layer.norm == "layer":
        seen = seen - seen.mean(axis=1, keepdims=True)
    if layer.norm != "none":
        seen = seen / np.sqrt((seen**2).mean(axis=1, keepdims=True) + 1e-5)
    maps, written = np.zeros((HEADS, N, N)), np.zeros_like(tokens)
    for head, i in product(range(HEADS), range(N)):
        k, q, v, p = (np.asarray(m[head]) for m in (layer.key, layer.query, layer.value, layer.projection))
        read = range(i + 1) if layer.causal else range(N)
        logits = np.array([(k @ seen[j]) @ (q @ seen[i]) for j in read])
        if layer.position_bias is not None:
            logits += [float(layer.position_bias[head, min(i - j, REACH - 1)]) for j in read]
        if layer.kernel == "softmax":
            logits = np.exp(logits) / np.exp(logits).sum()
        maps[head, i, list(read)] = logits
        written[i] += sum(weight * p @ v @ seen[j] for weight, j in zip(logits, read, strict=True))
    return maps, written


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("norm", ["none", "layer", "rms"])
@pytest.mark.parametrize("kernel", ["linear", "softmax"])
def test_attention_matches_loops(double: None, kernel: str, norm: str, causal: bool) -> None:
    layer = attention(kernel, norm, causal)
    tokens = np.random.default_rng(0).normal(size=(N, WIDTH))
    maps, written = looped(layer, tokens)
    given = jnp.asarray(tokens)
    np.testing.assert_allclose(layer.maps(given, given), maps, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(layer(given, given), written, rtol=1e-10)
    np.testing.assert_allclose(layer(given, given, jnp.asarray(maps)), written, rtol=1e-10)
    np.testing.assert_allclose(layer(given, given, jnp.zeros_like(maps)), 0, atol=1e-14)


def test_mlp_acts_on_every_token_alone(double: None) -> None:
    mlp = initial_mlp(jax.random.key(0), WIDTH, 7)
    tokens = jax.random.normal(jax.random.key(1), (2, N, WIDTH))
    np.testing.assert_allclose(mlp(tokens)[1, 3], mlp(tokens[1, 3]), rtol=1e-10)
    hidden = mlp.inner @ tokens[1, 3] + mlp.inner_bias
    np.testing.assert_allclose(
        mlp(tokens[1, 3]), mlp.outer @ jax.nn.gelu(hidden) + mlp.outer_bias, rtol=1e-10
    )


def test_norms_have_unit_mean_square() -> None:
    tokens = 3 + jax.random.normal(jax.random.key(0), (N, 50))
    np.testing.assert_allclose(normalised(tokens, "layer").mean(axis=1), 0, atol=1e-5)
    for norm in ("layer", "rms"):
        np.testing.assert_allclose((normalised(tokens, norm) ** 2).mean(axis=1), 1, rtol=1e-3)
    assert normalised(tokens, "none") is tokens


@pytest.mark.parametrize("norm", ["layer", "rms"])
def test_gradients_of_norms_are_those_of_their_definition(double: None, norm: Norm) -> None:
    def defined(tokens: jax.Array) -> jax.Array:
        centred = tokens - tokens.mean(axis=-1, keepdims=True) if norm == "layer" else tokens
        return centred / jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)

    tokens = 3 + jax.random.normal(jax.random.key(0), (2, N, 7))
    _same_with_gradient(lambda tokens: normalised(tokens, norm), defined, tokens)


def test_softmax_and_its_gradient_are_jaxs(double: None) -> None:
    logits = 3 * jax.random.normal(jax.random.key(0), (2, N, 7))
    _same_with_gradient(softmax, jax.nn.softmax, logits)
    masked = jnp.where(jnp.tril(jnp.ones((7, 7))) > 0, 1000 * logits[:, :1], -jnp.inf)
    _same_with_gradient(softmax, jax.nn.softmax, masked)


def _same_with_gradient(
    found: Callable[[jax.Array], jax.Array], expected: Callable[[jax.Array], jax.Array], x: jax.Array
) -> None:
    (value, pull), (right, pull_right) = jax.vjp(found, x), jax.vjp(expected, x)
    np.testing.assert_allclose(value, right, rtol=1e-10, atol=1e-12)
    g = jax.random.normal(jax.random.key(1), value.shape)
    np.testing.assert_allclose(pull(g)[0], pull_right(g)[0], rtol=1e-10, atol=1e-12)


def test_loss_of_tokens_is_the_mean_cross_entropy(double: None) -> None:
    class Constant(TokenTask):
        def sample(self, key: jax.Array) -> tuple[TokenPrompt, jax.Array]:
            return TokenPrompt(jnp.zeros(2, int)), jnp.array([0, 2])

    logits = jnp.log(jnp.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))
    _, target = Constant().sample(jax.random.key(0))
    assert float(Constant().loss(3 + logits, target)) == pytest.approx(-np.log(0.5 * 0.8) / 2)
