"""Policies that depend on counts alone: how often each arm was rewarded, and how often not."""

import abc
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from icgd.bandits.policy import Policy, is_pull, largest, log_of
from icgd.bandits.posterior import NODES, best_arm, posterior_mean, tilted


class Counts(NamedTuple):
    """Rewards and failures of each arm, and the token that came first."""

    wins: Float[Array, " a"]
    losses: Float[Array, " a"]
    first: Int[Array, ""]

    @property
    def pulls(self) -> Float[Array, ""]:
        """So far."""
        return jnp.sum(self.wins + self.losses)


class CountingPolicy(Policy):
    """What is kept are the counts; a subclass says with which probabilities the arms are pulled.

    Policies with a `parameter` are fitted to whom they are compared with, over `grid`.
    """

    arms: int = eqx.field(static=True)
    pulls: int = eqx.field(static=True)
    grid: ClassVar[tuple[float, ...]] = ()

    def start(self, pulls: int) -> Counts:
        """Nothing has been pulled."""
        none = jnp.zeros(self.arms)
        return Counts(none, none, jnp.zeros((), jnp.int32))

    def step(self, kept: Counts, token: Int[Array, ""]) -> tuple[Counts, Float[Array, " a"]]:
        """Count the pull, or keep what was told at the start."""
        pulled = is_pull(token, self.arms)
        arm = jax.nn.one_hot(jnp.where(pulled, token // 2, -1), self.arms)
        wins, losses = kept.wins + arm * (token % 2), kept.losses + arm * (1 - token % 2)
        kept = Counts(wins, losses, jnp.where(pulled, kept.first, token).astype(jnp.int32))
        return kept, log_of(self.probabilities(kept))

    @abc.abstractmethod
    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """Of pulling each arm."""


class Uniform(CountingPolicy):
    """Every arm alike."""

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """1/A."""
        return jnp.full(self.arms, 1 / self.arms)


class Greedy(CountingPolicy):
    """The largest posterior mean, with share ε_t = parameter/(1 + t)^decay of random pulls."""

    parameter: Float[Array, ""]
    decay: float = eqx.field(static=True, default=0.0)
    grid: ClassVar[tuple[float, ...]] = (0.0, *np.geomspace(0.01, 1.0, 25).tolist())

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """ε-greedy; greedy at ε = 0."""
        share = self.parameter / (1 + seen.pulls) ** self.decay
        best = largest(posterior_mean(seen.wins, seen.losses))
        return (1 - share) * best + share / self.arms


class UpperConfidence(CountingPolicy):
    """UCB(c): mean reward + c √(ln t / n_a), every arm once first (Auer et al. 2002, c = √2)."""

    parameter: Float[Array, ""]
    grid: ClassVar[tuple[float, ...]] = tuple(np.geomspace(0.01, 3.0, 42).tolist())

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """All on the largest bound, or alike on the arms that were never pulled."""
        number = seen.wins + seen.losses
        width = jnp.sqrt(jnp.log(jnp.maximum(seen.pulls, 1)) / jnp.maximum(number, 1))
        bound = seen.wins / jnp.maximum(number, 1) + self.parameter * width
        return largest(jnp.where(number > 0, bound, 1e6))


class BayesUpperConfidence(CountingPolicy):
    """Bayes-UCB: the largest posterior quantile at 1 − 1/(t + 1), t pulls made (Kaufmann et al. 2012)."""

    quantiles: Float[Array, "t w l"]

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """All on the largest quantile."""
        whole = [part.astype(jnp.int32) for part in (seen.pulls, seen.wins, seen.losses)]
        return largest(self.quantiles[whole[0], whole[1], whole[2]])


class Thompson(CountingPolicy):
    """TS(k): P(arm is best | counts), the posterior sharpened to Beta(1 + k w, 1 + k l); k = 1 samples it."""

    parameter: Float[Array, ""]
    objective: str = eqx.field(static=True, default="max")
    nodes: int = eqx.field(static=True, default=NODES)
    grid: ClassVar[tuple[float, ...]] = tuple(np.geomspace(0.25, 32.0, 43).tolist())

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """By quadrature, exact at k = 1."""
        sharp = self.parameter
        return best_arm(sharp * seen.wins, sharp * seen.losses, self.objective, self.nodes)


class CuedThompson(CountingPolicy):
    """Posterior sampling when the first token names the best arm with some reliability, the parameter."""

    parameter: Float[Array, ""]
    nodes: int = eqx.field(static=True, default=NODES)
    grid: ClassVar[tuple[float, ...]] = ()

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """Thompson's where no arm is named."""
        found = best_arm(seen.wins, seen.losses, nodes=self.nodes)
        arm = seen.first - 2 * self.arms - 3
        return jnp.where(arm >= 0, tilted(found, arm, self.parameter), found)


class KnowledgeGradient(CountingPolicy):
    """The largest posterior mean plus what one pull teaches for all that are left (Ryzhov et al. 2012)."""

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """mean_a + (T − t − 1) (E max_b mean′_b − max_b mean_b)."""
        mean = posterior_mean(seen.wins, seen.losses)
        total = 2 + seen.wins + seen.losses
        rest = jnp.stack([jnp.max(jnp.delete(mean, arm)) for arm in range(self.arms)])
        won, lost = (1 + seen.wins + 1) / (total + 1), (1 + seen.wins) / (total + 1)
        then = mean * jnp.maximum(won, rest) + (1 - mean) * jnp.maximum(lost, rest)
        return largest(mean + (self.pulls - seen.pulls - 1) * (then - jnp.max(mean)))


class Gittins(CountingPolicy):
    """The largest finite-horizon Gittins index."""

    table: Float[Array, "n w l"]

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """All on the largest index with the pulls that are left."""
        left, wins, losses = (
            part.astype(jnp.int32) for part in (self.pulls - seen.pulls, seen.wins, seen.losses)
        )
        return largest(self.table[left, wins, losses])
