"""Who pulled the arms in the histories that learners are trained on."""

from typing import Literal, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from icgd.bandits.counting import CountingPolicy, Counts, Gittins, Thompson, Uniform, UpperConfidence
from icgd.bandits.gittins import gittins_table
from icgd.bandits.policy import Policy, log_of
from icgd.bandits.posterior import exact_nodes, posterior_mean
from icgd.bandits.sequential import GradientBandit

Source: TypeAlias = Literal["random", "thompson", "ucb", "gittins", "gradient", "mixed"]
Prior: TypeAlias = Literal["uniform", "beta_1_3", "low", "high", "gap"]
DECISIVENESS = 15.0
"""The largest weight that mixed behaviour gives to posterior means."""


class Mixed(CountingPolicy):
    """Behaviour of one history: likes some arms, and follows what it sees more or less, or the opposite."""

    liking: Float[Array, " a"]
    decisiveness: Float[Array, ""]

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        """softmax(log liking + decisiveness · posterior means)."""
        mean = posterior_mean(seen.wins, seen.losses)
        return jax.nn.softmax(log_of(self.liking) + self.decisiveness * mean)


def mixed(drawn: Float[Array, " numbers"], pulls: int) -> Mixed:
    """A behaviour at random: likings from a flat Dirichlet law, decisiveness of either sign.

    Here and below `drawn` are numbers from U(0, 1), all of a prompt drawn at once: calls of the generator
    have their price.
    """
    arms = len(drawn) - 1
    liking = -jnp.log1p(-drawn[:arms])
    return Mixed(arms, pulls, liking / jnp.sum(liking), DECISIVENESS * (2 * drawn[arms] - 1))


def source_policy(
    source: Source, parameter: Array | float, arms: int, pulls: int, drawn: Float[Array, " numbers"]
) -> Policy:
    """The policy that a name stands for; the parameter is UCB's width or the gradient bandit's rate."""
    if source == "thompson":
        return Thompson(arms, pulls, jnp.ones(()), nodes=exact_nodes(arms, pulls))
    if source == "ucb":
        return UpperConfidence(arms, pulls, jnp.asarray(parameter, jnp.float32))
    if source == "gittins":
        return Gittins(arms, pulls, jnp.asarray(gittins_table(pulls), jnp.float32))
    if source == "gradient":
        return GradientBandit(jnp.asarray(parameter, jnp.float32), arms)
    return Uniform(arms, pulls) if source == "random" else mixed(drawn, pulls)


def choice(drawn: Float[Array, ""], count: int) -> Int[Array, ""]:
    """A number below `count`."""
    return jnp.minimum(jnp.floor(drawn * count).astype(jnp.int32), count - 1)


def draw_means(drawn: Float[Array, " numbers"], prior: Prior) -> Float[Array, " a"]:
    """Arms ~ U(0, 1); Beta(1, 3); U(0, 0.2); U(0.8, 1); or all alike but for one that is 0.1 better."""
    uniform = drawn[:-1]
    if prior == "gap":
        better = jax.nn.one_hot(choice(drawn[-1], len(uniform)), len(uniform))
        return 0.9 * uniform[0] + 0.1 * better
    if prior == "beta_1_3":
        return 1 - (1 - uniform) ** (1 / 3)
    return {"uniform": uniform, "low": 0.2 * uniform, "high": 0.8 + 0.2 * uniform}[prior]


def favoured(drawn: Float[Array, "2"], means: Float[Array, " a"], share: Array | float) -> Float[Array, " a"]:
    """The best arm moved to place 0 in a share of tasks, to any other place else."""
    to = jnp.where(drawn[0] < share, 0, 1 + choice(drawn[1], len(means) - 1))
    best = jnp.argmax(means)
    return means.at[to].set(means[best]).at[best].set(means[to])


def named_arm(
    drawn: Float[Array, "4"], means: Float[Array, " a"], reliability: Array | float, broken: Array | float
) -> Int[Array, ""]:
    """Whom a cue names: the best arm with some reliability, else one of the others; if broken, any."""
    arms, best = len(means), jnp.argmax(means)
    other = (best + 1 + choice(drawn[1], arms - 1)) % arms
    named = jnp.where(drawn[0] < reliability, best, other)
    return jnp.where(drawn[2] < broken, choice(drawn[3], arms), named)


def check_reliability(reliability: float, arms: int) -> None:
    """`ValueError` if no cue can be so reliable."""
    if reliability and not 1 / arms - 1e-9 <= reliability <= 1:
        raise ValueError(
            f"the cue's reliability is {reliability}; with {arms} arms expected one of "
            f"[{1 / arms:.3f}, 1], or 0 for no cue"
        )
