"""Rivals at their best: algorithms whose parameter is fitted to whom they are compared with."""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from icgd.analysis.study import Population, alone
from icgd.prompt import TokenPrompt
from icgd.studies.bandits.crowd import answers, variation


class Fitted(NamedTuple):
    """A rival with the parameter of least total variation, and that parameter, NaN where there is none."""

    population: Population
    parameter: float


@eqx.filter_jit
def _distances(
    policy: Any, grid: Float[Array, " g"], tokens: Int[Array, "n t"], ours: Float[Array, "n t a"]
) -> Float[Array, " g"]:
    """Mean total variation for every parameter."""

    def one(parameter: Array) -> Array:
        changed = dataclasses.replace(policy, parameter=parameter)
        theirs = jax.nn.softmax(jax.vmap(lambda history: changed(TokenPrompt(history)))(tokens))
        return jnp.mean(variation(theirs, ours))

    return jax.lax.map(one, grid)


def fitted(
    rival: Population, tokens: Int[Array, "s p t"], ours: Float[Array, "s p t a"], fit: bool
) -> Fitted:
    """The rival, its parameter fitted over its grid to all seeds' answers, if asked for."""
    policy: Any = jax.tree.map(lambda a: a[0], rival.learner)
    parameter = getattr(policy, "parameter", np.nan)
    if not fit:
        return Fitted(rival, float(parameter))
    grid = jnp.asarray(policy.grid, float)
    found = _distances(policy, grid, tokens.reshape(-1, tokens.shape[-1]), ours.reshape(-1, *ours.shape[2:]))
    best = grid[jnp.argmin(found)]
    return Fitted(alone(dataclasses.replace(policy, parameter=best)), float(best))


def order_dependence(population: Population, tokens: Int[Array, "s p t"], key: Array) -> Float[Array, " s"]:
    """Total variation between the last answers to histories and to the same pulls in another order."""
    pulls = tokens.shape[2] - 1
    orders = jax.vmap(lambda each: jax.random.permutation(each, pulls))(
        jax.random.split(key, tokens.shape[1])
    )
    shuffled = jnp.take_along_axis(tokens[:, :, 1:], jnp.broadcast_to(orders, tokens[:, :, 1:].shape), axis=2)
    other = jnp.concatenate([tokens[:, :, :1], shuffled], axis=2)
    apart = variation(answers(population, tokens)[:, :, -1], answers(population, other)[:, :, -1])
    return apart.mean(axis=1)


def sensitivities(population: Population, tokens: Int[Array, "s p t"]) -> Float[Array, "s p j a"]:
    """How the last answer changes when one past reward is turned round, for every past pull."""
    s, p, t = tokens.shape
    flips = jnp.eye(t, dtype=tokens.dtype)[1:]
    turned = tokens[:, :, None] ^ flips
    found = answers(population, turned.reshape(s, p * (t - 1), t))[:, :, -1]
    changed = found.reshape(len(found), p, t - 1, -1)
    return changed - answers(population, tokens)[:, :, -1][:, :, None]


def cosine(ours: Float[Array, "s p j a"], theirs: Float[Array, "s p j a"]) -> Float[Array, " s"]:
    """Of the sensitivities to all past rewards of each history, mean over those where both have some."""
    flat, other = (x.reshape(*x.shape[:2], -1) for x in (ours, theirs))
    sizes = jnp.linalg.norm(flat, axis=-1) * jnp.linalg.norm(other, axis=-1)
    kept = sizes > 1e-12
    each = jnp.where(kept, jnp.sum(flat * other, axis=-1) / jnp.where(kept, sizes, 1.0), 0.0)
    return each.sum(axis=1) / kept.sum(axis=1)
