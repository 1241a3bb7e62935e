"""Histories of Bernoulli bandits, with an answer to be learnt at every pull (see `icgd.bandits.policy`)."""

import dataclasses
from typing import Any, Literal, TypeAlias, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from icgd.bandits.behaviours import (
    Prior,
    Source,
    check_reliability,
    choice,
    draw_means,
    favoured,
    named_arm,
    source_policy,
)
from icgd.bandits.counting import Thompson
from icgd.bandits.policy import (
    OBJECTIVES,
    Environment,
    Objective,
    cue_token,
    environment,
    objective_token,
    play,
    utilities,
)
from icgd.bandits.policy_gradient import Episode, surrogate
from icgd.bandits.posterior import exact_nodes
from icgd.prompt import TokenPrompt
from icgd.ranges import Fraction, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from icgd.task import Task

Label: TypeAlias = Literal["action", "best_arm", "posterior"]


class BernoulliBandit(Task):
    """T pulls of A arms, the arms' means drawn afresh for every prompt; reward 1 or 0.

    The target at each pull is a distribution over arms: the source's action, the best arm, or under
    "posterior" each arm's chance to be best under the objective given what was seen. `playing`: episodes for
    RL² instead.
    """

    arms: PositiveInt = eqx.field(static=True, default=3)
    pulls: PositiveInt = eqx.field(static=True, default=30)
    prior: Prior = eqx.field(static=True, default="uniform")
    source: Source = eqx.field(static=True, default="thompson")
    parameter: PositiveFloat = 1.0
    """UCB's width, or the gradient bandit's rate."""
    every: PositiveInt = eqx.field(static=True, default=1)
    """Only every so many pulls of the source are kept."""
    label: Label = eqx.field(static=True, default="action")
    objective: Objective | Literal["any"] = eqx.field(static=True, default="max")
    """What is told at the start and labelled; any: one of three at random."""
    told: bool = eqx.field(static=True, default=True)
    """Otherwise the first token is that of the most reward, whatever is labelled."""
    cue: NonNegativeFloat = 0.0
    """Reliability with which the first token names the best arm; 0 for no cue."""
    broken: Fraction = 0.0
    """Share of prompts whose cue names any arm."""
    favourite: Fraction = 0.0
    """Share of prompts in which arm 0 is the best; 0 for no such law."""
    playing: bool = eqx.field(static=True, default=False)
    entropy: NonNegativeFloat = eqx.field(static=True, default=0.0)
    """Weight of the entropy bonus of RL²."""
    delay: NonNegativeInt = eqx.field(static=True, default=0)
    """Pulls by which rewards are late in evaluation."""
    members: dict[str, dict[str, Any]] = eqx.field(static=True, default_factory=dict)
    """Options of the laws of several learners that are trained side by side, by name."""

    def __check_init__(self) -> None:
        if self.arms < 2:
            raise ValueError(f"arms is {self.arms}; a choice needs at least 2")
        for option, kinds in (("source", Source), ("prior", Prior), ("label", Label)):
            if (value := getattr(self, option)) not in get_args(kinds):
                raise ValueError(f"{option} is {value!r}; expected one of {', '.join(get_args(kinds))}")
        if self.objective not in (*OBJECTIVES, "any"):
            raise ValueError(f"objective is {self.objective!r}; expected one of {', '.join(OBJECTIVES)}, any")
        if isinstance(self.cue, float | int):  # else it is traced, and was checked before
            check_reliability(self.cue, self.arms)
        for option in ("broken", "favourite"):
            if isinstance(value := getattr(self, option), float | int) and not 0 <= value <= 1:
                raise ValueError(f"{option} is {value}; expected a share from 0 to 1")
        if len({(law.playing, law.entropy) for law in self.laws()}) > 1:
            raise ValueError("members differ in playing or entropy, which they share a loss for")

    def laws(self) -> list["BernoulliBandit"]:
        """The law of each member, in the order of their names."""
        return [dataclasses.replace(self, members={}, **self.members[name]) for name in sorted(self.members)]

    def _drawn(self, key: Key[Array, ""]) -> Float[Array, " numbers"]:
        """All numbers from U(0, 1) of one prompt: for its arms, cue, objective and behaviour."""
        return jax.random.uniform(key, (2 * self.arms + 9,), jnp.float32)

    def _means(self, drawn: Float[Array, " numbers"]) -> Float[Array, " a"]:
        means = draw_means(drawn[: self.arms + 1], self.prior)
        place = drawn[self.arms + 1 : self.arms + 3]
        return jnp.where(self.favourite > 0, favoured(place, means, self.favourite), means)

    def environment(self, key: Key[Array, ""], pulls: int = 0) -> Environment:
        """All chance of one prompt."""
        law_key, chance_key = jax.random.split(key)
        return environment(chance_key, self._means(self._drawn(law_key)), pulls or self.pulls)

    def sample(self, key: Key[Array, ""]) -> tuple[Any, Array]:
        """A history and the target [t a] at each position; for RL² an episode and the arms' worth [a]."""
        if self.members:
            return self._each(key)
        return self._one(key)

    def _each(self, key: Key[Array, ""]) -> tuple[Any, Array]:
        """Stacked over members, whose laws are compiled once for all that differ in numbers alone."""
        laws, keys = self.laws(), jax.random.split(key, len(self.members))
        forms: dict[Any, list[int]] = {}
        for place, law in enumerate(laws):
            forms.setdefault(jax.tree.structure(law), []).append(place)
        parts = []
        for places in forms.values():
            alike = jax.tree.map(
                lambda *numbers: jnp.stack(list(map(jnp.float32, numbers))), *(laws[i] for i in places)
            )
            parts.append(jax.vmap(lambda law, key: law._one(key))(alike, keys[jnp.array(places)]))
        order = np.argsort([place for places in forms.values() for place in places])
        return jax.tree.map(lambda *leaves: jnp.concatenate(leaves)[order], *parts)

    def _one(self, key: Key[Array, ""]) -> tuple[Any, Array]:
        chance = self.environment(key, self.pulls * self.every)
        drawn = self._drawn(jax.random.split(key)[0])[self.arms + 3 :]
        number = choice(drawn[4], len(OBJECTIVES))
        number = number if self.objective == "any" else jnp.asarray(OBJECTIVES.index(self.objective))
        first = objective_token(self.arms, number if self.told else jnp.zeros_like(number))
        named = cue_token(self.arms, named_arm(drawn[:4], chance.means, self.cue, self.broken))
        first = jnp.where(self.cue > 0, named, first).astype(jnp.int32)
        if self.playing:
            worth = utilities(chance.means, number)
            return Episode(chance, first, worth), worth
        policy = source_policy(self.source, self.parameter, self.arms, self.pulls * self.every, drawn[5:])
        played = play(policy, chance, first)
        kept = slice(self.every - 1, None, self.every)
        pulled = 2 * played.actions[kept] + _shown(chance, played.actions)[kept]
        tokens = jnp.concatenate([first[None], pulled[:-1]])
        actions = jax.nn.one_hot(played.actions[kept], self.arms, dtype=jnp.float32)
        return TokenPrompt(tokens), self._target(tokens, actions, chance.means, number)

    def _target(self, tokens: Array, actions: Array, means: Array, number: Array) -> Float[Array, "t a"]:
        if self.label == "action":
            return actions
        if self.label == "best_arm":
            best = jnp.argmax(utilities(means, number))
            return jnp.broadcast_to(jax.nn.one_hot(best, self.arms, dtype=jnp.float32), actions.shape)
        nodes = exact_nodes(self.arms, self.pulls)
        names = OBJECTIVES if self.objective == "any" else (self.objective,)
        rules = [Thompson(self.arms, self.pulls, jnp.ones(()), name, nodes) for name in names]
        found = jnp.stack([jax.nn.softmax(rule(TokenPrompt(tokens))) for rule in rules])
        return found[number if self.objective == "any" else 0].astype(jnp.float32)

    def loss(self, prediction: Array, target: Array) -> Float[Array, ""]:
        """Mean cross-entropy of the logits [t a] with the target, in nats per pull; the surrogate of RL²."""
        if self.members:
            return jnp.sum(jax.vmap(self.laws()[0].loss)(prediction, target))
        if self.playing:
            return surrogate(prediction, target, self.entropy)
        return -jnp.mean(jnp.sum(target * jax.nn.log_softmax(prediction), axis=-1))


def _shown(chance: Environment, actions: Array) -> Array:
    return jnp.take_along_axis(chance.rewards, actions[:, None], axis=1)[:, 0].astype(jnp.int32)
