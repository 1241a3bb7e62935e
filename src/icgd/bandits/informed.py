"""Policies that plan: the Bayes-optimal one, its softmax, and information-directed sampling."""

import dataclasses
import itertools
import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.bandits.counting import CountingPolicy, Counts
from icgd.bandits.optimal import check_size, index, states, values
from icgd.bandits.policy import largest
from icgd.bandits.posterior import NODES, densities, others, posterior_mean, quadrature

SHARES = np.linspace(0.0, 1.0, 41)
"""Chances of the first of two arms that information-directed sampling mixes."""


class Optimal(CountingPolicy):
    """Q* by dynamic programming: the best arm, or a softmax of Q* over a positive parameter."""

    table: Float[Array, "s a"]
    parameter: Float[Array, ""]
    objective: str = eqx.field(static=True, default="max")
    grid: ClassVar[tuple[float, ...]] = tuple(np.geomspace(0.003, 1.0, 30).tolist())

    def fitted(self, prompts: Any, targets: Any) -> "Optimal":
        """With its table; nothing is fitted to prompts."""
        table = jnp.asarray(values(self.arms, self.pulls, self.objective), jnp.float32)
        return dataclasses.replace(self, table=table)

    def advantage(self, seen: Counts) -> Float[Array, " a"]:
        """Q*(counts, arm) − V*(counts), at most zero."""
        counts = jnp.stack([seen.wins, seen.losses], axis=1).reshape(-1).astype(jnp.int32)
        row = self.table[index(counts, self.pulls)]
        return row - jnp.max(row)

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """Ties of Q* are shared."""
        advantage = self.advantage(seen)
        soft = jax.nn.softmax(advantage / jnp.maximum(self.parameter, 1e-6))
        return jnp.where(self.parameter > 0, soft, largest(advantage, 1e-5))


def empty_table(arms: int, pulls: int) -> Float[Array, "s a"]:
    """Where the values will be; `ValueError` if they are too many."""
    check_size(arms, pulls)
    return jnp.zeros((states(arms, pulls), arms), jnp.float32)


class InformationDirected(CountingPolicy):
    """The least squared regret per information on which arm is best (Russo and Van Roy 2014)."""

    nodes: int = eqx.field(static=True, default=NODES)

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """Minimises (π·Δ)²/(π·g) over mixtures of two arms, one of which is optimal."""
        regret, gain = self._regret_and_gain(seen)
        pairs = jnp.array(list(itertools.permutations(range(self.arms), 2)))
        shares = jnp.asarray(SHARES, regret.dtype)

        def mixed(of: Array) -> Float[Array, "pairs q"]:
            return shares * of[pairs[:, :1]] + (1 - shares) * of[pairs[:, 1:]]

        ratio = mixed(regret) ** 2 / jnp.maximum(mixed(gain), 1e-12)
        weight = largest(ratio.reshape(-1) * -1, 1e-9).reshape(ratio.shape)
        one_hot = jax.nn.one_hot(pairs, self.arms)
        of_pair = shares[:, None] * one_hot[:, :1] + (1 - shares[:, None]) * one_hot[:, 1:]
        return jnp.einsum("pq,pqa->a", weight, of_pair)

    def _regret_and_gain(self, seen: Counts) -> tuple[Float[Array, " a"], Float[Array, " a"]]:
        """E[μ* − μ_a], and the mutual information of arm a's next reward and the best arm."""
        x, weights, integrals = (jnp.asarray(part, seen.wins.dtype) for part in quadrature(self.nodes))
        density, below = densities(seen.wins, seen.losses, nodes=self.nodes)
        mean = posterior_mean(seen.wins, seen.losses)
        partial = (density / weights * x) @ integrals  # ∫_0^x μ f_a(μ) dμ
        best = jnp.sum(density * others(below), axis=1)
        rows = []
        for winner in range(self.arms):
            row = []
            for arm in range(self.arms):
                if arm == winner:
                    row.append(jnp.sum(x * density[arm] * others(below)[arm]))
                else:
                    rest = [below[c] for c in range(self.arms) if c not in (arm, winner)]
                    row.append(jnp.sum(density[winner] * partial[arm] * math.prod(rest, start=1.0)))
            rows.append(jnp.stack(row) / jnp.maximum(best[winner], 1e-9))
        given = jnp.clip(jnp.stack(rows), 1e-9, 1 - 1e-9)  # E[μ_a | winner is best]
        divergence = given * jnp.log(given / mean) + (1 - given) * jnp.log((1 - given) / (1 - mean))
        return jnp.sum(best * jnp.diagonal(given)) - mean, jnp.maximum(best @ divergence, 0)
