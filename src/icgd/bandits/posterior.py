"""Posteriors Beta(1 + w, 1 + l) of arms after w rewards and l failures, by Gauss–Legendre quadrature.

With uniform priors all integrands are polynomials, so that a number of nodes of half their degree is exact.
"""

import functools
import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

NODES = 64
"""Nodes that resolve posteriors which are sharpened, too."""


class Rule(NamedTuple):
    """Nodes and weights on [0, 1], and the matrix that takes values there to integrals from 0 to each."""

    nodes: Float[np.ndarray, " g"]
    weights: Float[np.ndarray, " g"]
    integrals: Float[np.ndarray, "g g"]


@functools.cache
def quadrature(count: int) -> Rule:
    """The Gauss–Legendre rule; its integrals are those of the polynomial through the values."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    basis = np.polynomial.legendre.legvander(nodes, count - 1)
    raised = [
        np.polynomial.legendre.legval(nodes, np.polynomial.legendre.legint(row, lbnd=-1))
        for row in np.eye(count)
    ]
    return Rule((nodes + 1) / 2, weights / 2, np.linalg.solve(basis.T, np.stack(raised)) / 2)


def exact_nodes(arms: int, pulls: int) -> int:
    """Nodes with which P(arm is best) is exact after at most so many pulls."""
    return math.ceil((pulls + arms) / 2) + 1


class Densities(NamedTuple):
    """Of each arm, at every node: density times the node's weight, and the chance to be worse than that."""

    density: Float[Array, "a g"]
    worse: Float[Array, "a g"]


def _density(wins: Array, losses: Array, x: Float[np.ndarray, " g"]) -> Float[Array, "a g"]:
    """x^w (1 − x)^l up to a factor for each arm."""
    logs = wins[:, None] * jnp.asarray(np.log(x), wins.dtype)
    logs += losses[:, None] * jnp.asarray(np.log1p(-x), wins.dtype)
    return jnp.exp(logs - jnp.max(logs, axis=1, keepdims=True))


def densities(
    wins: Float[Array, " a"], losses: Float[Array, " a"], objective: str = "max", nodes: int = NODES
) -> Densities:
    """Of the means, or for the objective target of the distances |μ − ½|, in halves."""
    rule = quadrature(nodes)
    if objective == "target":
        far = _density(wins, losses, np.concatenate([0.5 + rule.nodes / 2, 0.5 - rule.nodes / 2]))
        density = far[:, :nodes] + far[:, nodes:]
    else:
        density = _density(wins, losses, rule.nodes)
    weights, integrals = (jnp.asarray(part, wins.dtype) for part in rule[1:])
    density = density / jnp.sum(density * weights, axis=1, keepdims=True)
    below = density @ integrals
    return Densities(density * weights, below if objective == "max" else 1 - below)


def others(worse: Float[Array, "a g"]) -> Float[Array, "a g"]:
    """For each arm the product over all others."""
    rows = [jnp.prod(jnp.delete(worse, arm, axis=0), axis=0) for arm in range(len(worse))]
    return jnp.stack(rows)


def best_arm(
    wins: Float[Array, " a"], losses: Float[Array, " a"], objective: str = "max", nodes: int = NODES
) -> Float[Array, " a"]:
    """P(arm is best under the objective | counts): what Thompson sampling plays."""
    density, worse = densities(wins, losses, objective, nodes)
    found = jnp.clip(jnp.sum(density * others(worse), axis=1), 0)
    return found / jnp.sum(found)


def tilted(probabilities: Float[Array, " a"], arm: Array, reliability: Array | float) -> Float[Array, " a"]:
    """The same when a cue names the best arm with this reliability, and else any of the others."""
    arms = len(probabilities)
    named = jnp.arange(arms) == arm
    found = probabilities * jnp.where(named, reliability, (1 - reliability) / (arms - 1))
    return found / jnp.sum(found)


def posterior_mean(wins: Float[Array, "*any"], losses: Float[Array, "*any"]) -> Float[Array, "*any"]:
    """(1 + w)/(2 + w + l)."""
    return (1 + wins) / (2 + wins + losses)


def expected_utility(
    wins: Float[np.ndarray, "*any"], losses: Float[np.ndarray, "*any"], objective: str
) -> Float[np.ndarray, "*any"]:
    """The posterior mean of what a pull is worth, with as many nodes as are exact up to 120 pulls."""
    mean = (1 + wins) / (2 + wins + losses)
    if objective != "target":
        return mean if objective == "max" else 1 - mean
    rule = quadrature(NODES)  # of each half of [0, 1], as |2μ − 1| has a kink
    halves = np.concatenate([rule.nodes / 2, 0.5 + rule.nodes / 2])
    logs = np.multiply.outer(wins, np.log(halves)) + np.multiply.outer(losses, np.log1p(-halves))
    density = np.exp(logs - logs.max(axis=-1, keepdims=True)) * np.tile(rule.weights, 2)
    worth = 1 - np.abs(2 * halves - 1)
    found: Float[np.ndarray, "*any"] = density @ worth / density.sum(axis=-1)
    return found
