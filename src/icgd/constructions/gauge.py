"""The scalar that a linear layer's two products may exchange, fixed so that layers can be compared."""

from jax import numpy as jnp
from jaxtyping import Array, Float

from icgd.models.layers import Attention


def gauged(layer: Attention, d: int) -> tuple[Float[Array, "h e e"], Float[Array, "h e e"]]:
    """KᵀQ and P·V of each head, those of a linear one with a mean of one on the x-diagonal of KᵀQ."""
    bilinear, write = layer.products()
    if layer.kernel != "linear":
        return bilinear, write
    scale = jnp.trace(bilinear[:, :d, :d], axis1=1, axis2=2)[:, None, None] / d
    return bilinear / scale, write * scale
