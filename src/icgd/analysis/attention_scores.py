"""Scores of attention heads and of predictions of tokens (Olsson et al. 2022).

They are functions of attention maps, of what a head adds to the logits and of predictions, so that they
apply to any model. Weights enter by their size: a linear head with all signs changed is the same head.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from icgd.algorithms.counting import matches


def token_losses(logits: Float[Array, "n v"], targets: Int[Array, " n"]) -> Float[Array, " n"]:
    """Cross-entropy at every position, in nats."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[:, None], axis=1)[:, 0]


def _share(weights: Float[Array, "n n"], chosen: Bool[Array, "n n"]) -> Float[Array, " n"]:
    size = jnp.abs(weights)
    return jnp.sum(size * chosen, axis=1) / jnp.sum(size, axis=1)


def previous_token(weights: Float[Array, "n n"]) -> Float[Array, ""]:
    """Share of the attention that goes to the previous token, averaged over positions."""
    return jnp.mean(_share(weights, jnp.eye(len(weights), k=-1, dtype=bool))[1:])


def previous_token_largest(weights: Float[Array, "n n"]) -> Float[Array, ""]:
    """At how many of the positions the previous token has the largest weight."""
    largest = jnp.argmax(jnp.abs(weights), axis=1)
    return jnp.mean((largest == jnp.arange(len(weights)) - 1)[1:].astype(weights.dtype))


def prefix_matching(weights: Float[Array, "n n"], tokens: Int[Array, " n"]) -> Float[Array, ""]:
    """Share of the attention on tokens that followed the current one, where there are such tokens.

    NaN for a sequence in which no token occurs twice.
    """
    chosen = matches(tokens)
    defined = jnp.any(chosen, axis=1)
    return jnp.sum(jnp.where(defined, _share(weights, chosen), 0)) / jnp.sum(defined)


def copying(
    weights: Float[Array, "n n"], contribution: Float[Array, "n v"], tokens: Int[Array, " n"]
) -> Float[Array, ""]:
    """Correlation, over the vocabulary, of attention to a token with what the head adds to its logit."""
    attention = centred(weights @ jax.nn.one_hot(tokens, contribution.shape[1], dtype=weights.dtype))
    added = centred(contribution)
    norms = jnp.linalg.norm(attention, axis=1) * jnp.linalg.norm(added, axis=1)
    return jnp.mean(jnp.sum(attention * added, axis=1) / norms)


def centred(logits: Float[Array, "*any v"]) -> Float[Array, "*any v"]:
    """Logits with mean zero over the vocabulary: the constant that they leave open."""
    return logits - jnp.mean(logits, axis=-1, keepdims=True)
