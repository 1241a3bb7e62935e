"""Attention-only language models, small enough to hold one induction head (Olsson et al. 2022).

A token reads, through one causal head a layer, the tokens up to itself; the logits are the unembedding
of the sum of everything written. With nothing normalised at the end, each head's direct contribution to
the logits is exact, and a linear second layer that reads (previous token → token) pairs is one step of
gradient descent from W = 0 on them (von Oswald et al. 2023, section 5).
"""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.layers import Attention, Kernel, initial_attention
from icgd.prompt import TokenPrompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.token_sequences import MarkovChains, TiledSegments

Edit: TypeAlias = Callable[[int, Float[Array, "n n"]], Float[Array, "n n"]]
"""What takes the place of a layer's attention map; layers count from 0."""


class Trace(NamedTuple):
    """Attention map, contribution to the logits and logit lens of every layer."""

    maps: Float[Array, "layers n n"]
    contributions: Float[Array, "layers n v"]
    logits: Float[Array, "layers n v"]


class LanguageModel(Learner):
    """Embedding, layers of one head each, unembedding.

    With `averaged` a linear head divides its weights by the number of tokens that it can read, as a
    softmax head does at zero logits: the gradient step is one on the mean instead of the sum.
    """

    embedding: Float[Array, "v e"]
    layers: tuple[Attention, ...]
    unembedding: Float[Array, "v e"]
    averaged: bool = eqx.field(static=True, default=True)

    def trajectory(self, prompt: TokenPrompt) -> Float[Array, "layers n v"]:
        """The logit lens: logits of what has been written up to each layer."""
        return self.trace(prompt).logits

    def trace(self, prompt: TokenPrompt, edit: Edit = lambda _, weights: weights) -> Trace:
        """What every layer does on a prompt, with its attention map edited."""
        stream = self.embedding[prompt.tokens]
        maps, contributions, logits = [], [], []
        for depth, layer in enumerate(self.layers):
            weights = edit(depth, self._map(layer, stream))
            written = layer(stream, stream, weights[None])
            stream = stream + written
            maps.append(weights)
            contributions.append(written @ self.unembedding.T)
            logits.append(stream @ self.unembedding.T)
        return Trace(jnp.stack(maps), jnp.stack(contributions), jnp.stack(logits))

    def _map(self, layer: Attention, stream: Float[Array, "n e"]) -> Float[Array, "n n"]:
        weights = layer.maps(stream, stream)[0]
        if layer.kernel == "linear" and self.averaged:
            return weights / jnp.arange(1, len(stream) + 1, dtype=weights.dtype)[:, None]
        return weights


def language_model(
    task: TiledSegments | MarkovChains,
    key: Key[Array, ""],
    *,
    kernels: list[Kernel],
    width: PositiveInt = 64,
    initial_scale: PositiveFloat = 0.3,
    embedding_scale: PositiveFloat = 0.1,
) -> LanguageModel:
    """Untrained model with one layer per kernel, each reading tokens of unit RMS.

    Every head starts by reading all tokens alike: the position bias is 0 for a softmax head and 1 for a
    linear one, which otherwise has no mean to learn to copy from and may stay where it is.
    """
    embedding_key, unembedding_key, *layer_keys = jax.random.split(key, 2 + len(kernels))
    shape = (task.vocabulary, width)

    def layer(key: Key[Array, ""], kernel: Kernel) -> Attention:
        bias = jnp.full((1, task.length), float(kernel == "linear"), jnp.float32)
        return initial_attention(
            key, width, initial_scale, kernel=kernel, norm="rms", causal=True, position_bias=bias
        )

    return LanguageModel(
        embedding_scale * jax.random.normal(embedding_key, shape, jnp.float32),
        tuple(layer(k, kernel) for k, kernel in zip(layer_keys, kernels, strict=True)),
        jax.random.normal(unembedding_key, shape, jnp.float32) / math.sqrt(width),
    )


def constructed_induction(task: TiledSegments | MarkovChains, key: Key[Array, ""]) -> LanguageModel:
    """Linear layers whose logits are Σ_j v_j (k_j·k_q) over pairs (previous token → token): η = 1.

    The stream has three blocks as wide as the vocabulary: the token, the previous token, which layer 1
    copies by position, and the logits, which layer 2 writes.
    """
    v = task.vocabulary
    token, previous, logits = (jnp.eye(v, 3 * v, block * v) for block in range(3))
    nowhere = jnp.zeros((1, v, 3 * v))
    one_back = jnp.zeros((1, 3)).at[0, 1].set(1.0)
    copy = Attention(nowhere, nowhere, token[None], previous.T[None], one_back, causal=True)
    step = Attention(previous[None], token[None], token[None], logits.T[None], causal=True)
    return LanguageModel(token, (copy, step), logits, averaged=False)
