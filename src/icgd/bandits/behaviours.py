"""Who pulled the arms in the histories that learners are trained on."""

from typing import Literal, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

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


def mixed(key: Key[Array, ""], arms: int, pulls: int) -> Mixed:
    """A behaviour at random: likings from a flat Dirichlet law, decisiveness of either sign."""
    liking, decisive = jax.random.split(key)
    draws = jax.random.exponential(liking, (arms,), jnp.float32)
    bound = DECISIVENESS
    weight = jax.random.uniform(decisive, (), jnp.float32, -bound, bound)
    return Mixed(arms, pulls, draws / jnp.sum(draws), weight)


def source_policy(
    source: Source, parameter: Array | float, arms: int, pulls: int, key: Key[Array, ""]
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
    return Uniform(arms, pulls) if source == "random" else mixed(key, arms, pulls)


def draw_means(key: Key[Array, ""], arms: int, prior: Prior) -> Float[Array, " a"]:
    """Arms ~ U(0, 1); Beta(1, 3); U(0, 0.2); U(0.8, 1); or all alike but for one that is 0.1 better."""
    one, other = jax.random.split(key)
    uniform = jax.random.uniform(one, (arms,), jnp.float32)
    if prior == "gap":
        better = jax.nn.one_hot(jax.random.randint(other, (), 0, arms), arms)
        return 0.9 * uniform[0] + 0.1 * better
    if prior == "beta_1_3":
        return 1 - (1 - uniform) ** (1 / 3)
    return {"uniform": uniform, "low": 0.2 * uniform, "high": 0.8 + 0.2 * uniform}[prior]


def favoured(key: Key[Array, ""], means: Float[Array, " a"], share: Array | float) -> Float[Array, " a"]:
    """The best arm moved to place 0 in a share of tasks, to any other place else."""
    arms, (chance, place) = len(means), jax.random.split(key)
    first = jax.random.uniform(chance) < share
    to = jnp.where(first, 0, jax.random.randint(place, (), 1, arms))
    best = jnp.argmax(means)
    return means.at[to].set(means[best]).at[best].set(means[to])


def named_arm(
    key: Key[Array, ""], means: Float[Array, " a"], reliability: Array | float, broken: Array | float
) -> Int[Array, ""]:
    """Whom a cue names: the best arm with some reliability, else one of the others; if broken, any."""
    arms = len(means)
    right, shift, lost, anything = jax.random.split(key, 4)
    other = (jnp.argmax(means) + jax.random.randint(shift, (), 1, arms)) % arms
    named = jnp.where(jax.random.uniform(right) < reliability, jnp.argmax(means), other)
    return jnp.where(jax.random.uniform(lost) < broken, jax.random.randint(anything, (), 0, arms), named)


def check_reliability(reliability: float, arms: int) -> None:
    """`ValueError` if no cue can be so reliable."""
    if reliability and not 1 / arms - 1e-9 <= reliability <= 1:
        raise ValueError(
            f"the cue's reliability is {reliability}; with {arms} arms expected one of "
            f"[{1 / arms:.3f}, 1], or 0 for no cue"
        )
