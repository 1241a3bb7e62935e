"""Rivals at their best: algorithms whose parameter is fitted to whom they are compared with."""

import dataclasses
from collections.abc import Mapping, Sequence
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


FINER = 33
"""Parameters that are tried between the neighbours of the best one of a grid."""


@eqx.filter_jit
def _distance(
    policy: Any, parameter: Float[Array, ""], tokens: Int[Array, "n t"], ours: Float[Array, "n t a"]
) -> Float[Array, ""]:
    """Mean total variation with a parameter."""
    changed = dataclasses.replace(policy, parameter=parameter)
    theirs = jax.nn.softmax(jax.vmap(lambda history: changed(TokenPrompt(history)))(tokens))
    return jnp.mean(variation(theirs, ours))


def fitted(
    rival: Population,
    tokens: Int[Array, "s p t"],
    ours: Float[Array, "s p t a"],
    fit: bool,
    known: Sequence[float] = (),
) -> Fitted:
    """The rival, its parameter fitted to all seeds' answers, if asked for.

    Over its grid and `known` parameters, then over a finer grid around the best of these.
    """
    policy: Any = jax.tree.map(lambda a: a[0], rival.learner)
    parameter = getattr(policy, "parameter", np.nan)
    if not fit:
        return Fitted(rival, float(parameter))
    flat, answers = tokens.reshape(-1, tokens.shape[-1]), ours.reshape(-1, *ours.shape[2:])

    def best(grid: Float[np.ndarray, " g"]) -> int:
        return int(np.argmin([_distance(policy, jnp.asarray(each), flat, answers) for each in grid]))

    grid = np.unique([*policy.grid, float(parameter), *known])
    finer = around(grid, best(grid))
    found = float(finer[best(finer)])
    return Fitted(alone(dataclasses.replace(policy, parameter=jnp.asarray(found))), found)


def around(grid: Float[np.ndarray, " g"], best: int) -> Float[np.ndarray, " finer"]:
    """Evenly from the neighbour below the best entry to that above, with itself."""
    below, above = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    return np.union1d(np.linspace(below, above, FINER), grid[best])


def known_parameters(policies: Mapping[str, Population], rival: str) -> list[float]:
    """Of all policies that differ from a rival in nothing but their parameter, sources among them."""
    form = str(jax.tree.structure(policies[rival].learner))
    alike = [p.learner for p in policies.values() if str(jax.tree.structure(p.learner)) == form]
    return [float(learner.parameter[0]) for learner in alike if hasattr(learner, "parameter")]


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
