"""A transformer of attention and MLP blocks that is told in its prompt which objective to descend on.

Its context is a token for the objective, tokens for pairs (r, ψ(r)) of an objective that is given as data,
and one for each example, all in a residual stream of width e; a query is a token that reads the context and
is read by none. Every block adds what its attention reads, then what its MLP makes of that. Trained models
and the constructed circuits of `icgd.constructions.objective_circuit` are of this class.
"""

import dataclasses
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
from icgd.task import RegressionTask


class Block(eqx.Module):
    """s ← s + attention(s), then s ← s + mlp(s)."""

    attention: Attention
    mlp: MLP

    def __call__(self, tokens: Float[Array, "t e"], context: Float[Array, "n e"]) -> Float[Array, "t e"]:
        """Tokens after the block; each reads all of the context."""
        tokens = tokens + self.attention(tokens, context)
        return tokens + self.mlp(normalised(tokens, self.attention.norm))


class PromptedTransformer(Learner):
    """Blocks between an embedding and a readout: of labels from the query's token, or of weights.

    A model that reads out weights has them from the objective's token alone, so that no label can be looked
    up and its predictions w·x are linear in the query. The objective's token is the sum of `objectives`'
    rows weighted by the prompt's objective: one row for a pure objective, a mixture in between. Without
    such rows the model is not told the objective. With `pairs` it is data: the prompt's objective is a list
    of (r, ψ(r)). `positions` are added to the examples' tokens, if given.
    """

    embedding: Float[Array, "e inputs"]
    objectives: Float[Array, "o e"] | None
    pairs: Float[Array, "e 2"] | None
    kinds: Float[Array, "4 e"]
    """Added to the objective's, the examples', the query's and the pairs' tokens."""
    blocks: tuple[Block, ...]
    readout: Float[Array, "m e"]
    positions: Float[Array, "n e"] | None = None
    weighs: bool = eqx.field(static=True, default=False)
    """Whether the readout is of weights."""

    def context(self, prompt: Prompt) -> Float[Array, "c e"]:
        """The context before the first block: objective, examples, pairs."""
        examples = jnp.concatenate([prompt.x, prompt.y], axis=-1) @ self.embedding.T + self.kinds[1]
        if self.positions is not None:
            examples = examples + self.positions
        objective, pairs = self.kinds[:1], self.kinds[:0]
        if self.objectives is not None and prompt.objective is not None:
            objective = objective + prompt.objective @ self.objectives
        if self.pairs is not None and prompt.objective is not None:
            pairs = prompt.objective.reshape(-1, 2) @ self.pairs.T + self.kinds[3]
        return jnp.concatenate([objective, examples, pairs])

    def contexts(self, prompt: Prompt) -> list[Float[Array, "c e"]]:
        """The context before each block."""
        found = [self.context(prompt)]
        for block in self.blocks[:-1]:
            found.append(block(found[-1], found[-1]))
        return found

    def token(self, prompt: Prompt) -> Float[Array, "1 e"]:
        """The token that is read out, before the first block."""
        if self.weighs:
            return self.context(prompt)[:1]
        start = jnp.zeros_like(prompt.y[0])
        return (self.embedding @ jnp.concatenate([prompt.query, start]) + self.kinds[2])[None]

    def read(
        self, token: Float[Array, "1 e"], contexts: list[Float[Array, "c e"]], first: int = 0
    ) -> Float[Array, "blocks m"]:
        """Readouts of the token after every block from `first` on."""
        found = []
        for block, context in zip(self.blocks[first:], contexts[first:], strict=True):
            token = block(token, context)
            found.append(self.readout @ token[0])
        return jnp.stack(found)

    def weights(self, prompt: Prompt) -> Float[Array, "blocks d"]:
        """The weights after every block, if these are what is read out."""
        return self.read(self.token(prompt), self.contexts(prompt))

    def trajectory(self, prompt: Prompt) -> Float[Array, "blocks *q m"]:
        """Predictions after every block, for one query or several."""
        if self.weighs:
            return jnp.expand_dims(self.weights(prompt) @ prompt.query.T, -1)
        contexts = self.contexts(prompt)

        def answer(query: Float[Array, " d"]) -> Float[Array, "blocks m"]:
            return self.read(self.token(dataclasses.replace(prompt, query=query)), contexts)

        if prompt.query.ndim == 1:
            return answer(prompt.query)
        return jax.vmap(answer, out_axes=1)(prompt.query)


def initial_block(
    key: Key[Array, ""], width: int, hidden: int, scale: float, heads: int, **fields: Any
) -> Block:
    """An untrained block of softmax heads that share the width; `fields` are those of its `Attention`."""
    attention, mlp = jax.random.split(key)
    layer = initial_attention(attention, width, scale, heads, width // heads, kernel="softmax", **fields)
    return Block(layer, initial_mlp(mlp, width, hidden))


def prompted_transformer(
    task: RegressionTask,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 4,
    width: PositiveInt = 64,
    heads: PositiveInt = 4,
    hidden: PositiveInt = 128,
    initial_scale: PositiveFloat = 0.3,
    norm: Norm = "layer",
    told: bool = True,
    weighs: bool = False,
    paired: bool = False,
) -> PromptedTransformer:
    """Untrained softmax blocks: embeddings of N(0, 1/4), divided by √inputs for the examples; a zero readout.

    told: whether the model reads the prompt's objective, and paired: whether it is given as pairs; weighs:
    whether it reads out weights. The task has a `dimension`.
    """
    if width % heads:
        raise ValueError(f"heads is {heads}, which does not divide the width {width}")
    dimension = task.dimension  # type: ignore[attr-defined]

    def block(key: Key[Array, ""]) -> Block:
        return initial_block(key, width, hidden, initial_scale, heads, norm=norm)

    def matrix(key: Key[Array, ""], *shape: int) -> Array:
        return jax.random.normal(key, shape, jnp.float32)

    embedding, objectives, kinds, *keys = jax.random.split(key, 3 + layers)
    return PromptedTransformer(
        0.5 * matrix(embedding, width, dimension + 1) / math.sqrt(dimension + 1),
        0.5 * matrix(objectives, len(OBJECTIVES), width) if told and not paired else None,
        0.5 * matrix(objectives, width, 2) / math.sqrt(2) if told and paired else None,
        0.5 * matrix(kinds, 4, width),
        tuple(map(block, keys)),
        jnp.zeros((dimension if weighs else 1, width), jnp.float32),
        weighs=weighs,
    )
