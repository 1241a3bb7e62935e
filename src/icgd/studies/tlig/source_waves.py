"""Sine waves with input and label in one token through an embedding and an MLP (TLIG, Prop. 2 and figure 4).

Tokens (x_j, y_j) and (x_q, 0) are embedded into 40 entries and go through a residual MLP, labels too. One
layer of linear attention follows; the last entry acts as label slot, and the prediction is minus it. There is
no W₀: the first prediction is what embedding and MLP make of (x_q, 0).
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.layers import MLP, Attention
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat
from icgd.studies.tlig.source_models import SCALE, source_attention, truncated
from icgd.tasks.sine_waves import SineWaves

WIDTH, HIDDEN, ENTRIES = 40, 160, 2
"""Entries of an embedded token, of the MLP's hidden layer, and of a token (x, y)."""


class WaveLayer(Learner):
    """Embedding and MLP of every token, then attention or, without it, a gradient step of a fixed rate."""

    embedding: Float[Array, "w 2"]
    mlp: MLP
    attention: Attention | None
    rate: float = eqx.field(static=True, default=0.0)
    """η of the step, which is not trained; the features before it are."""

    def trajectory(self, prompt: Prompt) -> Float[Array, "2 m"]:
        """Predictions before and after the layer."""
        context = self.features(jnp.concatenate([prompt.x, prompt.y], axis=-1))
        query = self.features(jnp.concatenate([prompt.query, jnp.zeros_like(prompt.y[0])])[None])
        return -jnp.stack([query[0, -1:], (query + self.update(query, context))[0, -1:]])

    def features(self, tokens: Float[Array, "t 2"]) -> Float[Array, "t w"]:
        """e + MLP(e) of the embedded tokens."""
        embedded = tokens @ self.embedding.T
        return embedded + self.mlp(embedded)

    def update(self, query: Float[Array, "1 w"], context: Float[Array, "n w"]) -> Float[Array, "1 w"]:
        """What the layer adds to the query's token."""
        if self.attention is not None:
            return self.attention(query, context)
        read = context[:, -1] @ context[:, :-1] @ query[0, :-1]
        return jnp.zeros_like(query).at[0, -1].set(-self.rate / len(context) * read)


def _mlp(inner: Float[Array, "k e"], outer: Float[Array, "e k"]) -> MLP:
    return MLP(inner, jnp.zeros(HIDDEN, jnp.float32), outer, jnp.zeros(WIDTH, jnp.float32))


def wave_attention(task: SineWaves, key: Key[Array, ""], *, scale: PositiveFloat = SCALE) -> WaveLayer:
    """Untrained: truncated normals of variance scale/inputs in all matrices."""
    embedding, inner, outer, layer = jax.random.split(key, 4)
    mlp = _mlp(
        truncated(inner, (HIDDEN, WIDTH), scale / WIDTH), truncated(outer, (WIDTH, HIDDEN), scale / HIDDEN)
    )
    embedded = truncated(embedding, (WIDTH, ENTRIES), scale / ENTRIES)
    return WaveLayer(embedded, mlp, source_attention(layer, WIDTH, scale))


def wave_descent(
    task: SineWaves, key: Key[Array, ""], *, rate: PositiveFloat = 0.1, scale: PositiveFloat = SCALE
) -> WaveLayer:
    """Untrained: the rival, features before a gradient step, with the normals that the source gives it."""
    parts = jax.random.split(key, 3)
    shapes = ((WIDTH, ENTRIES), (HIDDEN, WIDTH), (WIDTH, HIDDEN))
    variances = (scale / ENTRIES, scale / ENTRIES, scale / WIDTH)
    embedding, inner, outer = (
        math.sqrt(variance) * jax.random.normal(part, shape, jnp.float32)
        for part, shape, variance in zip(parts, shapes, variances, strict=True)
    )
    return WaveLayer(embedding, _mlp(inner, outer), None, rate)
