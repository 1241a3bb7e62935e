"""Policies of Bernoulli bandits, and how they are played.

A history is a `TokenPrompt`: first a token that says what is told at the start, then one for each pull.
The answer at position t, from the tokens up to it, are the logits of the arm that is pulled t-th.
Tokens are 2a + r for a pull of arm a with reward r, 2A + o for the objective number o told at the start, and
2A + 3 + c for a cue that names arm c.
"""

import abc
from typing import Any, Literal, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from icgd.learner import Learner
from icgd.prompt import TokenPrompt

Objective: TypeAlias = Literal["max", "min", "target"]
OBJECTIVES: tuple[Objective, ...] = ("max", "min", "target")
"""Most reward, least, and arms as near to ½ as can be."""


def vocabulary(arms: int) -> int:
    """How many tokens there are."""
    return 3 * arms + len(OBJECTIVES)


def objective_token(arms: int, objective: Any) -> Any:
    """The first token that tells an objective, by its number."""
    return 2 * arms + objective


def cue_token(arms: int, arm: Any) -> Any:
    """The first token that names an arm; the objective is the most reward."""
    return 2 * arms + len(OBJECTIVES) + arm


def utilities(means: Float[Array, "*any"], objective: Any = 0) -> Float[Array, "*any"]:
    """What a pull is worth under an objective's number: μ, 1 − μ or 1 − |2μ − 1|."""
    every = jnp.stack([means, 1 - means, 1 - jnp.abs(2 * means - 1)])
    return every[objective]


class Environment(eqx.Module):
    """All chance of T pulls, drawn beforehand, so that policies are compared on the same luck.

    The rewards of all arms, and Gumbel noise that chooses among them.
    """

    means: Float[Array, "*batch a"]
    rewards: Int[Array, "*batch t a"]
    noise: Float[Array, "*batch t a"]


class Played(eqx.Module):
    """What a policy did in an environment: its history, its logits and the arms that it chose."""

    tokens: Int[Array, "*batch t"]
    logits: Float[Array, "*batch t a"]
    actions: Int[Array, "*batch t"]


def environment(key: Key[Array, ""], means: Float[Array, " a"], pulls: int) -> Environment:
    """Chance for arms of these means."""
    arms = len(means)
    drawn = jax.random.uniform(key, (pulls, 2 * arms), jnp.float32, minval=jnp.finfo(jnp.float32).tiny)
    rewards = (drawn[:, :arms] < means).astype(jnp.int32)
    return Environment(means, rewards, -jnp.log(-jnp.log(drawn[:, arms:])))


class Policy(Learner):
    """A learner that answers a history position by position, from what it keeps of the tokens before."""

    @abc.abstractmethod
    def start(self, pulls: int) -> Any:
        """What it keeps before the first of so many tokens."""

    @abc.abstractmethod
    def step(self, kept: Any, token: Int[Array, ""]) -> tuple[Any, Float[Array, " a"]]:
        """What it keeps after a token, and its logits of the arms."""

    def trajectory(self, prompt: TokenPrompt) -> Float[Array, "1 t a"]:
        """The logits at every position."""
        begin = self.start(len(prompt.tokens))
        return jax.lax.scan(lambda kept, token: self.step(kept, token), begin, prompt.tokens)[1][None]


def play(policy: Policy, chance: Environment, first: Int[Array, ""], delay: int = 0) -> Played:
    """Pull after pull; the reward that a token shows is that of the pull `delay` pulls earlier, 0 before."""

    def pull(carry: Any, now: tuple[Array, Array]) -> tuple[Any, tuple[Array, Array, Array]]:
        kept, token, waiting = carry
        rewards, noise = now
        kept, logits = policy.step(kept, token)
        action = jnp.argmax(logits + noise).astype(jnp.int32)
        waiting = jnp.concatenate([rewards[action][None], waiting])
        return (kept, 2 * action + waiting[-1], waiting[:-1]), (token, logits, action)

    waiting = jnp.zeros(delay, chance.rewards.dtype)
    begin = (policy.start(len(chance.rewards)), jnp.asarray(first, jnp.int32), waiting)
    _, (tokens, logits, actions) = jax.lax.scan(pull, begin, (chance.rewards, chance.noise))
    return Played(tokens, logits, actions)


def is_pull(token: Int[Array, "*any"], arms: int) -> Bool[Array, "*any"]:
    """Whether a token is of a pull, not of the start."""
    return token < 2 * arms


def log_of(probabilities: Float[Array, "*any a"]) -> Float[Array, "*any a"]:
    """Logits of probabilities, finite where they are zero."""
    return jnp.log(jnp.maximum(probabilities, 1e-30))


def largest(values: Float[Array, " a"], slack: float = 1e-6) -> Float[Array, " a"]:
    """Probabilities that are equal on all arms whose value is the largest, else zero."""
    best = (values >= jnp.max(values) - slack).astype(values.dtype)
    return best / jnp.sum(best)
