"""A causal transformer that reads histories of bandits, in parallel or pull by pull."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from icgd.bandits.policy import Policy, vocabulary
from icgd.models.blocks import Block, initial_block
from icgd.models.layers import Attention, normalised, softmax
from icgd.prompt import TokenPrompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.bandits import BernoulliBandit


class Memory(eqx.Module):
    """Keys and values of the tokens so far, of every block, and how many they are."""

    keys: Float[Array, "blocks t h k"]
    values: Float[Array, "blocks t h v"]
    length: Int[Array, ""]


class HistoryModel(Policy):
    """Embedding, blocks of causal softmax heads and MLPs on standardised tokens, readout of logits."""

    embedding: Float[Array, "vocabulary e"]
    blocks: tuple[Block, ...]
    readout: Float[Array, "a e"]

    def streams(self, tokens: Int[Array, " t"]) -> Float[Array, "stages t e"]:
        """The residual stream before the first block and after each."""
        stream = self.embedding[tokens]
        found = [stream]
        for block in self.blocks:
            stream = stream + causal_read(block.attention, normalised(stream, block.attention.norm))
            stream = stream + block.mlp(normalised(stream, block.attention.norm))
            found.append(stream)
        return jnp.stack(found)

    def logits(self, stream: Float[Array, "t e"]) -> Float[Array, "t a"]:
        """Read out of standardised tokens."""
        return normalised(stream, "rms") @ self.readout.T

    def trajectory(self, prompt: TokenPrompt) -> Float[Array, "1 t a"]:
        """The logits at every position."""
        return self.logits(self.streams(prompt.tokens)[-1])[None]

    def start(self, pulls: int) -> Memory:
        """Room for so many tokens."""
        heads, narrow, _ = self.blocks[0].attention.key.shape
        room = jnp.zeros((len(self.blocks), pulls, heads, narrow), self.embedding.dtype)
        return Memory(room, room, jnp.zeros((), jnp.int32))

    def step(self, kept: Memory, token: Int[Array, ""]) -> tuple[Memory, Float[Array, " a"]]:
        """As the parallel form, with one token more."""
        stream = self.embedding[token]
        keys, values = kept.keys, kept.values
        for depth, block in enumerate(self.blocks):
            layer, seen = block.attention, normalised(stream, block.attention.norm)
            keys = keys.at[depth, kept.length].set(layer.key @ seen)
            values = values.at[depth, kept.length].set(layer.value @ seen)
            stream = stream + _attended(layer, seen, keys[depth], values[depth], kept.length)
            stream = stream + block.mlp(normalised(stream, layer.norm))
        logits = self.logits(stream[None])[0]
        return Memory(keys, values, kept.length + 1), logits


def causal_read(layer: Attention, seen: Float[Array, "t e"]) -> Float[Array, "t e"]:
    """What `Attention` reads of standardised tokens, with biases by a product: two thirds of the time."""
    asked, keys, values = (
        jnp.einsum("hke,te->htk", matrix, seen) for matrix in (layer.query, layer.key, layer.value)
    )
    logits = jnp.einsum("htk,hnk->htn", asked, keys)
    if layer.position_bias is not None:
        logits = logits + _spread(layer.position_bias, len(seen))
    place = np.arange(len(seen))
    weights = softmax(jnp.where(place > place[:, None], -jnp.inf, logits))
    return jnp.einsum("htk,hek->te", jnp.einsum("htn,hnk->htk", weights, values), layer.projection)


def _spread(bias: Float[Array, "h d"], tokens: int) -> Float[Array, "h t n"]:
    """The bias of each pair of tokens by their distance."""
    reach = bias.shape[1]
    back = np.clip(np.arange(tokens)[:, None] - np.arange(tokens), 0, reach - 1)
    chosen = np.arange(reach)[:, None] == back.reshape(-1)
    return (bias @ jnp.asarray(chosen, bias.dtype)).reshape(len(bias), tokens, tokens)


def _attended(
    layer: Attention, seen: Float[Array, " e"], keys: Array, values: Array, place: Int[Array, ""]
) -> Float[Array, " e"]:
    """What the token at a place reads from those up to it."""
    logits = jnp.einsum("hk,thk->ht", layer.query @ seen, keys)
    back = place - jnp.arange(len(keys))
    if layer.position_bias is not None:
        logits = logits + layer.position_bias[:, jnp.clip(back, 0, layer.position_bias.shape[1] - 1)]
    weights = softmax(jnp.where(back < 0, -jnp.inf, logits))
    return jnp.einsum("hev,hv->e", layer.projection, jnp.einsum("ht,thv->hv", weights, values))


def history_model(
    task: BernoulliBandit,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 2,
    width: PositiveInt = 32,
    heads: PositiveInt = 4,
    hidden: PositiveInt = 64,
    initial_scale: PositiveFloat = 0.5,
) -> HistoryModel:
    """Untrained model: embeddings of N(0, 1), a zero readout, position biases zero."""
    embedding, *keys = jax.random.split(key, 1 + layers)

    def block(key: Key[Array, ""]) -> Block:
        biases = jnp.zeros((heads, task.pulls), jnp.float32)
        return initial_block(
            key, width, hidden, initial_scale, heads, norm="rms", causal=True, position_bias=biases
        )

    return HistoryModel(
        jax.random.normal(embedding, (vocabulary(task.arms), width), jnp.float32),
        tuple(map(block, keys)),
        jnp.zeros((task.arms, width), jnp.float32),
    )
