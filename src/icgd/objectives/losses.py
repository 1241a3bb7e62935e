"""Losses given by their derivative ψ = ρ′: families with parameters, all of one size.

Every ψ is divided by its RMS over |r| ≤ REACH, so that families differ in shape alone. Values of ρ are
integrals of ψ. Families that training draws from are odd and monotone; others are neither, or are steeper.
"""

import math
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

Family = Literal[
    "huber", "smooth_sign", "monotone",
    "l1.2", "l1.5", "l2.5", "l3", "welsch", "quantile_half", "quantile_high", "sum",
]  # fmt: skip
TRAINED: tuple[Family, ...] = ("huber", "smooth_sign", "monotone")
HELD_OUT: tuple[Family, ...] = tuple(family for family in get_args(Family) if family not in TRAINED)
ODD: tuple[Family, ...] = tuple(family for family in get_args(Family) if family != "quantile_high")
MONOTONE: tuple[Family, ...] = tuple(family for family in get_args(Family) if family != "welsch")
REACH = 4.0
"""Residuals of this size and below are what losses are made for."""
GRID = np.linspace(-REACH, REACH, 65)
NODES, WEIGHTS = (part.astype(np.float32) for part in np.polynomial.legendre.leggauss(12))
KNOTS = 9
"""Knots of monotone pieces, from 0 to REACH."""

Psi: TypeAlias = Callable[[Array], Array]


def _log_uniform(key: Key[Array, ""], low: float, high: float) -> Float[Array, ""]:
    return jnp.exp(jax.random.uniform(key, (), jnp.float32, math.log(low), math.log(high)))


def _huber(key: Key[Array, ""]) -> Psi:
    bound = _log_uniform(key, 0.2, 3.0)
    return lambda r: jnp.clip(r, -bound, bound)


def _smooth_sign(key: Key[Array, ""]) -> Psi:
    tau = _log_uniform(key, 0.1, 3.0)
    return lambda r: jnp.tanh(r / tau)


def _monotone(key: Key[Array, ""]) -> Psi:
    """Piecewise linear through zero, with steps of independent exponential size."""
    steps = jax.random.exponential(key, (KNOTS - 1,), jnp.float32)
    heights = jnp.concatenate([jnp.zeros(1, jnp.float32), jnp.cumsum(steps)])
    width = REACH / (KNOTS - 1)

    def psi(r: Array) -> Array:
        size = jnp.abs(r) / width
        piece = jnp.clip(size.astype(int), 0, KNOTS - 2)
        return jnp.sign(r) * (heights[piece] + (size - piece) * steps[piece])

    return psi


def _power(exponent: float) -> Callable[[Key[Array, ""]], Psi]:
    return lambda _: lambda r: jnp.sign(r) * (jnp.abs(r) + 1e-12) ** (exponent - 1)


def _welsch(key: Key[Array, ""]) -> Psi:
    scale = _log_uniform(key, 1.0, 2.0)
    return lambda r: r * jnp.exp(-0.5 * (r / scale) ** 2)


def _quantile(share: float) -> Callable[[Key[Array, ""]], Psi]:
    return lambda _: lambda r: jnp.where(r > 0, share, share - 1.0)


def _sum(key: Key[Array, ""]) -> Psi:
    """Smooth sign of a low temperature plus a cubic: steep at zero and again far out."""
    sign_key, power_key = jax.random.split(key)
    sign, power = unit(_smooth_sign(sign_key)), unit(_power(4.0)(power_key))
    return lambda r: sign(r) + power(r)


FAMILIES: dict[Family, Callable[[Key[Array, ""]], Psi]] = {
    "huber": _huber,
    "smooth_sign": _smooth_sign,
    "monotone": _monotone,
    "l1.2": _power(1.2),
    "l1.5": _power(1.5),
    "l2.5": _power(2.5),
    "l3": _power(3.0),
    "welsch": _welsch,
    "quantile_half": _quantile(0.5),
    "quantile_high": _quantile(0.8),
    "sum": _sum,
}


def unit(psi: Psi) -> Psi:
    """ψ over its RMS on |r| ≤ REACH."""
    size = jnp.sqrt(jnp.mean(psi(jnp.asarray(GRID, jnp.float32)) ** 2))
    return lambda r: psi(r) / size


def drawn(family: Family, key: Key[Array, ""]) -> Psi:
    """A ψ of a family, of unit size."""
    return unit(FAMILIES[family](key))


def rho(psi: Psi, residuals: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """ρ(r) = ∫₀ʳ ψ, by twelve nodes of Gauss and Legendre."""
    nodes = residuals[..., None] * (1 + NODES) / 2
    return residuals / 2 * jnp.sum(WEIGHTS * psi(nodes), axis=-1)


def descend_loss(
    x: Float[Array, "n d"], y: Float[Array, " n"], psi: Psi, rates: Float[Array, " steps"]
) -> Float[Array, "steps d"]:
    """Weights after each step of descent on mean ρ(y − Xw), from w = 0.

    The rates are for ψ(r) = r; for another they are divided at each step by the size of ψ on the residuals,
    relative to theirs. So no step is longer than one of L2 descent can be, and steep losses do not diverge.
    """

    def step(weights: Float[Array, " d"], rate: Float[Array, ""]) -> tuple[Array, Array]:
        residuals = y - x @ weights
        pull = psi(residuals)
        size = jnp.sqrt(jnp.mean(pull**2) / jnp.mean(residuals**2))
        weights = weights + rate / size * pull @ x / len(y)
        return weights, weights

    return jax.lax.scan(step, jnp.zeros_like(x[0]), jnp.asarray(rates, x.dtype))[1]
