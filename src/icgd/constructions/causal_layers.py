"""The construction in causal order: layers whose weights take steps of GD++, and the steps read off weights.

As in `gradient_layer`, but with three numbers for each layer:

    KᵀQ = diag(I_d, β I_m),    P·V = −diag(γ I_d, ρ I_m).

Label slots hold residuals r_j in context tokens, minus the predictions in query tokens; ρ is the rate of a
step on them, and inputs shrink by γ. With β ≠ 0 a token weighs others by labels, too, as x_iᵀx_j + β r_iᵀr_j:
what it reads then depends on how large labels have been, as in no step. A linear layer's KᵀQ and P·V are
defined up to a scalar, which is fixed here by a mean of one on the x-diagonal of KᵀQ.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.constructions.gauge import gauged
from icgd.models.causal_stack import CausalTransformer
from icgd.models.layers import Attention


class Steps(NamedTuple):
    """Three numbers for each layer, per example."""

    rates: Float[Array, " steps"]
    shrinkages: Float[Array, " steps"]
    label_weights: Float[Array, " steps"]


def causal_layers(steps: Steps, d: int, m: int, strict: bool = False) -> CausalTransformer:
    """The stack that takes these steps: those of `OnlineDescent` if labels weigh nothing."""

    def diagonal(x: Array, y: Array) -> Float[Array, "1 e e"]:
        return jnp.diag(jnp.concatenate([jnp.full(d, x), jnp.full(m, y)]))[None]

    def layer(rate: Array, shrinkage: Array, label_weight: Array) -> Attention:
        identity = jnp.eye(d + m)[None]
        key, value = diagonal(jnp.ones(()), label_weight), -diagonal(shrinkage, rate)
        return Attention(key, identity, value, identity, causal=True)

    return CausalTransformer(tuple(map(layer, *steps)), strict=strict)


def steps_of(model: CausalTransformer, d: int) -> Steps:
    """The steps of every layer of one linear head, repeats included: means on the diagonals."""
    products = [gauged(layer, d) for layer in model.layers] * model.repeats
    asked, written = (jnp.stack([jnp.diagonal(pair[i][0]) for pair in products]) for i in (0, 1))
    return Steps(-written[:, d:].mean(axis=1), -written[:, :d].mean(axis=1), asked[:, d:].mean(axis=1))
