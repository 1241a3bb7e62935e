"""A transformer of attention and MLP blocks that is told in its prompt which objective to descend on.

Its tokens are one for the objective, one for each example and one for the query, all in a residual
stream of width e. Every block adds what its attention reads, then what its MLP makes of that. Trained
models and the constructed circuits of `icgd.learners.circuit` are of this class.
"""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.layers import MLP, Attention, Norm, initial_attention, initial_mlp, normalised
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.objective_regression import ObjectiveRegression


class Block(eqx.Module):
    """s ← s + attention(s), then s ← s + mlp(s)."""

    attention: Attention
    mlp: MLP

    def __call__(self, tokens: Float[Array, "t e"], stream: Float[Array, "n e"]) -> Float[Array, "t e"]:
        """Tokens of the stream after the block; each reads all of the stream."""
        tokens = tokens + self.attention(tokens, stream)
        return tokens + self.mlp(normalised(tokens, self.attention.norm))


class PromptedTransformer(Learner):
    """Blocks between an embedding and a readout from the query's token.

    The objective token is the sum of `objectives`' rows weighted by the prompt's objective: one row for a
    pure objective, a mixture in between. Without such rows the model is not told the objective.
    `positions` are added to the examples' tokens, if given.
    """

    embedding: Float[Array, "e inputs"]
    objectives: Float[Array, "o e"] | None
    kinds: Float[Array, "3 e"]
    """Added to the objective's, the examples' and the query's tokens."""
    blocks: tuple[Block, ...]
    readout: Float[Array, "m e"]
    positions: Float[Array, "n e"] | None = None

    def stream(self, prompt: Prompt) -> Float[Array, "t e"]:
        """The residual stream before the first block: objective, examples, query."""
        start = jnp.zeros_like(prompt.y[0])
        examples = jnp.concatenate([prompt.x, prompt.y], axis=-1) @ self.embedding.T + self.kinds[1]
        if self.positions is not None:
            examples = examples + self.positions
        query = self.embedding @ jnp.concatenate([prompt.query, start]) + self.kinds[2]
        objective = self.kinds[0]
        if self.objectives is not None and prompt.objective is not None:
            objective = objective + prompt.objective @ self.objectives
        return jnp.concatenate([objective[None], examples, query[None]])

    def trajectory(self, prompt: Prompt) -> Float[Array, "blocks m"]:
        """Predictions read out after every block; the last block computes the query's token alone."""
        stream, predictions = self.stream(prompt), []
        for block in self.blocks[:-1]:
            stream = block(stream, stream)
            predictions.append(self.readout @ stream[-1])
        last = self.blocks[-1](stream[-1:], stream)
        return jnp.stack([*predictions, self.readout @ last[0]])


def prompted_transformer(
    task: ObjectiveRegression,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 3,
    width: PositiveInt = 64,
    heads: PositiveInt = 4,
    hidden: PositiveInt = 128,
    initial_scale: PositiveFloat = 0.3,
    norm: Norm = "layer",
    told: bool = True,
) -> PromptedTransformer:
    """Untrained softmax blocks: embeddings of N(0, 1/4), divided by √inputs for the examples; a zero readout.

    told: whether the model reads the prompt's objective.
    """
    entries = task.dimension + 1

    def block(key: Key[Array, ""]) -> Block:
        attention, mlp = jax.random.split(key)
        fields: dict[str, Any] = {"kernel": "softmax", "norm": norm, "head_width": width // heads}
        return Block(
            initial_attention(attention, width, initial_scale, heads, **fields),
            initial_mlp(mlp, width, hidden),
        )

    def matrix(key: Key[Array, ""], *shape: int) -> Array:
        return jax.random.normal(key, shape, jnp.float32)

    embedding, objectives, kinds, *keys = jax.random.split(key, 3 + layers)
    return PromptedTransformer(
        0.5 * matrix(embedding, width, entries) / math.sqrt(entries),
        0.5 * matrix(objectives, len(OBJECTIVES), width) if told else None,
        0.5 * matrix(kinds, 3, width),
        tuple(map(block, keys)),
        jnp.zeros((1, width), jnp.float32),
    )
