"""The Bayes-optimal policy by dynamic programming over counts.

A state is (w_1, l_1, …, w_A, l_A) after n pulls. The states of all n lie one after another, those of one n in
the order of the combinatorial number system: with prefix sums S_j the rank is Σ_j C(S_j + j − 1, j).
"""

import functools
import itertools
import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from icgd.bandits.posterior import expected_utility

LARGEST = 512 * 2**20
"""Bytes that a table of values may have."""


def states(arms: int, pulls: int) -> int:
    """How many states there are before the last pull."""
    return math.comb(pulls - 1 + 2 * arms, 2 * arms)


def check_size(arms: int, pulls: int) -> None:
    """`ValueError` if a table for so many arms and pulls is too large."""
    size = 8 * arms * states(arms, pulls)
    if size > LARGEST:
        raise ValueError(
            f"the table of {arms} arms and {pulls} pulls has {states(arms, pulls):,} states and needs "
            f"{size / 2**30:.1f} GiB, more than {LARGEST / 2**30:.1f}; choose fewer arms or pulls"
        )


@functools.cache
def _binomials(total: int, parts: int) -> Int[np.ndarray, "n k"]:
    return np.array([[math.comb(n, k) for k in range(parts + 1)] for n in range(total + parts + 1)])


def index(counts: Int[Array, "*any kinds"], pulls: int) -> Int[Array, "*any"]:
    """The place of states in the tables of at most `pulls` pulls."""
    kinds = counts.shape[-1]
    table = jnp.asarray(_binomials(pulls + 1, kinds))
    sums = jnp.cumsum(counts, axis=-1)
    order = jnp.arange(1, kinds + 1)
    ranks = table[sums + order - 1, order]
    return jnp.sum(ranks, axis=-1)


@functools.cache
def _level(kinds: int, total: int) -> Int[np.ndarray, "s k"]:
    """All counts of a total, by rank."""
    bars = np.array(list(itertools.combinations(range(total + kinds - 1), kinds - 1)), int)
    bars = bars[np.lexsort(bars.T)]
    ends = np.full((len(bars), 1), total + kinds - 1)
    return np.diff(np.concatenate([np.full_like(ends, -1), bars, ends], axis=1), axis=1) - 1


def _rank(counts: Int[np.ndarray, "s k"]) -> Int[np.ndarray, " s"]:
    """The place among the states of the same total."""
    kinds = counts.shape[1]
    sums = np.cumsum(counts, axis=1)[:, :-1]
    table = _binomials(int(counts[0].sum()) + 1, kinds)
    order = np.arange(1, kinds)
    found: Int[np.ndarray, " s"] = table[sums + order - 1, order].sum(axis=1)
    return found


@functools.cache
def values(arms: int, pulls: int, objective: str = "max") -> Float[np.ndarray, "s a"]:
    """Q*(state, arm): expected utility of the pulls that are left, at all states before the last."""
    check_size(arms, pulls)
    grid = np.arange(pulls, dtype=float)
    worth = expected_utility(grid[:, None] + 0 * grid, grid + 0 * grid[:, None], objective)
    after, levels = np.zeros(math.comb(pulls + 2 * arms - 1, 2 * arms - 1)), []
    for total in reversed(range(pulls)):
        counts = _level(2 * arms, total)
        found = np.stack([_pulled(counts, arm, worth, after) for arm in range(arms)], axis=1)
        after = found.max(axis=1)
        levels.append(found)
    return np.concatenate(levels[::-1])


def _pulled(
    counts: Int[np.ndarray, "s k"], arm: int, worth: Float[np.ndarray, "w l"], after: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " s"]:
    wins, losses = counts[:, 2 * arm], counts[:, 2 * arm + 1]
    mean = (1 + wins) / (2 + wins + losses)
    won, lost = counts.copy(), counts.copy()
    won[:, 2 * arm] += 1
    lost[:, 2 * arm + 1] += 1
    found: Float[np.ndarray, " s"] = (
        worth[wins, losses] + mean * after[_rank(won)] + (1 - mean) * after[_rank(lost)]
    )
    return found
