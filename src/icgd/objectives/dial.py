"""Explicit descent on the L1, L2 and L∞ errors of a linear fit, as one rule with a dial.

From w = 0, with r = y − Xw: w ← w + η Σ_j ω_j ψ(r_j) x_j, weights ω = softmax(β|r|) over the examples
and ψ(r) = tanh(r/τ), or r itself at τ = ∞. β = 0 weighs all examples as 1/N. Then τ = ∞, β = 0 is L2;
small τ, β = 0 is smoothed L1; small τ, large β is smoothed L∞. τ = 0 and β = ∞ are the unsmoothed limits.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Objective = Literal["l1", "l2", "linf"]
OBJECTIVES: tuple[Objective, ...] = ("l1", "l2", "linf")


class Dial(NamedTuple):
    """What turns one objective's descent into another's, each a number or one per step."""

    rate: Float[Array, "*steps"]
    temperature: Float[Array, "*steps"]
    sharpness: Float[Array, "*steps"]


def signal(residual: Float[Array, " n"], dial: Dial) -> Float[Array, " n"]:
    """ω_j ψ(r_j): how much, and in which direction, each example pulls."""
    tau, beta = dial.temperature, dial.sharpness
    size = jnp.abs(residual)
    smooth = jnp.tanh(residual / jnp.where((tau > 0) & jnp.isfinite(tau), tau, 1.0))
    pull = jnp.where(tau == 0, jnp.sign(residual), jnp.where(jnp.isinf(tau), residual, smooth))
    soft = jax.nn.softmax(jnp.where(jnp.isfinite(beta), beta, 0.0) * size)
    return pull * jnp.where(
        jnp.isinf(beta), jax.nn.one_hot(jnp.argmax(size), len(size), dtype=size.dtype), soft
    )


def descend(x: Float[Array, "n d"], y: Float[Array, " n"], dials: Dial) -> Float[Array, "steps d"]:
    """The weights after each step; `dials` holds one value per step."""

    def step(weights: Float[Array, " d"], dial: Dial) -> tuple[Array, Array]:
        weights = weights + dial.rate * signal(y - x @ weights, dial) @ x
        return weights, weights

    dials = Dial(*(jnp.asarray(numbers, x.dtype) for numbers in dials))
    return jax.lax.scan(step, jnp.zeros_like(x[0]), dials)[1]


def value(
    x: Float[Array, "n d"], y: Float[Array, " n"], weights: Float[Array, " d"], objective: str
) -> Array:
    """The objective itself: mean |r|, mean r², or max |r|."""
    size = jnp.abs(y - x @ weights)
    return {"l1": jnp.mean(size), "l2": jnp.mean(size**2), "linf": jnp.max(size)}[objective]
