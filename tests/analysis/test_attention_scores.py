"""Scores of attention heads whose maps are perfect."""

import jax
import jax.numpy as jnp
import pytest

from icgd.algorithms.counting import matches
from icgd.analysis import attention_scores as scores


def test_scores_of_perfect_heads() -> None:
    tokens = jnp.array([0, 1, 2, 0, 1, 2, 0, 1])
    one_back = jnp.eye(8, k=-1).at[0, 0].set(1)
    assert scores.previous_token(one_back) == 1
    assert scores.previous_token_largest(-2 * one_back) == 1
    found = matches(tokens)
    weights = jnp.where(
        found.any(axis=1, keepdims=True), found / jnp.maximum(found.sum(axis=1), 1)[:, None], one_back
    )
    assert scores.prefix_matching(weights, tokens) == pytest.approx(1)
    assert scores.prefix_matching(-weights, tokens) == pytest.approx(1)
    assert scores.prefix_matching(jnp.eye(8), tokens) == 0
    added = weights @ jax.nn.one_hot(tokens, 3)
    assert scores.copying(weights, 5 * added + 2, tokens) == pytest.approx(1, abs=1e-5)
    assert scores.copying(weights, -added, tokens) == pytest.approx(-1, abs=1e-5)


def test_losses_of_tokens_are_cross_entropies() -> None:
    logits = jnp.log(jnp.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))
    found = scores.token_losses(logits + 7, jnp.array([1, 2]))
    assert found.tolist() == pytest.approx([1.386294, 0.223144], abs=1e-5)


def test_scores_of_half_of_the_attention() -> None:
    """Rows after the first give half of their weight to the previous token, half to the first one."""
    weights = jnp.array([[1.0, 0, 0, 0], [1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0, 0.5, 0]])
    assert scores.previous_token(weights) == pytest.approx((1 + 0.5 + 0.5) / 3)
    # Tokens 0 1 0 1: the third follows nothing but the 1 after the first 0, the last the 0 after the first 1.
    assert scores.prefix_matching(weights, jnp.array([0, 1, 0, 1])) == pytest.approx((0.5 + 0.5) / 2)
