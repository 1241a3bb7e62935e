"""Untrained stacks as the source initialises them: small truncated normals in every matrix.

The standard deviation is √(scale/(K·inputs)), K being how often a layer is applied in all; P has H·e inputs.
With such a start the loss rests on a plateau before it falls (TLIG, figure 15).
"""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from icgd.models.residual_stack import LearnedNorm, PlainMLP, ResidualLayer, ResidualStack
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression

SCALE = 0.002
"""Of the source's (x, y) tokens and sine waves."""
TRUNCATED = 0.87962566103423978
"""Standard deviation of a standard normal cut at ±2."""
MLP_FACTOR = 4
"""Hidden entries of a block's MLP for every entry of a token."""


def truncated(key: Key[Array, ""], shape: tuple[int, ...], variance: float) -> Float[Array, "..."]:
    """Normals of this variance, cut at about two of their standard deviations."""
    return math.sqrt(variance) / TRUNCATED * jax.random.truncated_normal(key, -2, 2, shape, jnp.float32)


def source_attention(key: Key[Array, ""], width: int, scale: float, heads: int = 1) -> Attention:
    """A layer of linear attention whose matrices have variances scale/inputs."""
    *parts, last = jax.random.split(key, 4)
    square = (heads, width, width)
    k, q, v = (truncated(part, square, scale / width) for part in parts)
    return Attention(k, q, v, truncated(last, square, scale / (heads * width)))


def source_stack(
    task: LinearRegression,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 1,
    repeats: PositiveInt = 1,
    heads: PositiveInt = 1,
    scale: PositiveFloat = SCALE,
) -> Transformer:
    """Linear attention alone, looped if `repeats` is more than 1."""
    share = scale / (layers * repeats)
    width = task.dimension + task.outputs
    keys = jax.random.split(key, layers)
    return Transformer(tuple(source_attention(k, width, share, heads) for k in keys), repeats=repeats)


def source_residual(
    task: LinearRegression,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 1,
    heads: PositiveInt = 1,
    normalised: bool = False,
    mlp: bool = False,
    bound: PositiveFloat | None = None,
    scale: PositiveFloat = SCALE,
) -> ResidualStack:
    """Blocks of linear attention with learned norms or MLPs.

    normalised: as in the source a single layer has its norm before it, several have none before the first.
    bound: of all activations, in training as in evaluation.
    """
    width, share = task.dimension + task.outputs, scale / layers

    def layer(key: Key[Array, ""], depth: int) -> ResidualLayer:
        attention, inner, outer = jax.random.split(key, 3)
        norm = LearnedNorm(jnp.ones(width, jnp.float32), jnp.zeros(width, jnp.float32))
        hidden = MLP_FACTOR * width
        added = PlainMLP(
            truncated(inner, (hidden, width), share / width),
            truncated(outer, (width, hidden), share / hidden),
        )
        return ResidualLayer(
            source_attention(attention, width, share, heads),
            norm if normalised and (depth or layers == 1) else None,
            added if mlp else None,
        )

    keys = jax.random.split(key, layers)
    return ResidualStack(tuple(layer(k, depth) for depth, k in enumerate(keys)), bound=bound or 0.0)
