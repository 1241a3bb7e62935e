"""Learners whose histories begin with a cue that names the best arm: is it weighed, obeyed or ignored?"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.bandits.counting import CuedThompson
from icgd.bandits.policy import Environment, cue_token
from icgd.bandits.posterior import exact_nodes
from icgd.prompt import TokenPrompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.bandits.crowd import (
    answers,
    chance,
    crowd,
    law_of,
    members,
    most_reward,
    play_all,
    pulled,
    variation,
)
from icgd.studies.bandits.purposes import mixed_histories

EDGE = 5
"""Pulls that count as the first and as the last ones."""
METRICS = {
    "effective_reliability": Metric("ρ̂ of the posterior sampling that weighs a cue and is nearest"),
    "reliability_error": Metric("ρ̂ minus the share of training prompts whose cue names the best arm"),
    "cued_total_variation": Metric("total variation to posterior sampling at ρ̂"),
    "cued_regret": Metric("regret when the cue names this arm", ("cue",)),
    "followed": Metric("share of pulls of the cued arm among the first or last five", ("cue", "pulls")),
    "followed_against": Metric(
        "chance of the cued arm after ten pulls of it without reward and ten of another with"
    ),
}
COLUMNS: Mapping[str, Column] = {
    "cue": Column("string", "whom the cue names: best, other (not the best), worst, or none"),
    "pulls": Column("string", "first or last five"),
}
OTHERS = members
RELIABILITIES = 1 - np.concatenate([np.geomspace(1e-6, 0.05, 60), np.linspace(0.055, 2 / 3, 125)])
"""Between which ρ̂ is sought, dense near 1."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """All learners; those that are trained side by side have names of their own."""
    return experiment.learners


def measure(
    study: Study, *, reliabilities: dict[LearnerName, float], prompts: PositiveInt = 512
) -> Iterator[Record]:
    """`reliabilities` are the shares of training prompts whose cue names the best arm, by learner."""
    policies, task = crowd(study), law_of(study)
    here = chance(study, prompts)
    firsts = cues(study, here)
    mixed = {
        kind: mixed_histories(study.key("mixed", kind), here, first)
        for kind, first in firsts.items()
        if kind != "none"
    }
    histories = jnp.concatenate(list(mixed.values()), axis=1)[:, :: len(mixed)]
    for name, trained in reliabilities.items():
        population = policies[name]
        found, apart = effective_reliability(answers(population, histories), histories[0], task.arms)
        values = {
            "effective_reliability": found,
            "reliability_error": found - trained,
            "cued_total_variation": apart,
            "followed_against": answers(population, _contrary(task.arms, task.pulls))[:, 0, 20, 0],
        }
        yield from study.rows(name, population, values)
        for kind, first in firsts.items():
            yield from _played(study, name, population, here, kind, first)


def cues(study: Study, here: Environment) -> dict[str, Int[Array, " p"]]:
    """First tokens by whom they name."""
    arms = here.means.shape[1]
    order = jnp.argsort(here.means, axis=1)
    shift = jax.random.randint(study.key("cue"), order[:, 0].shape, 0, arms - 1)
    other = jnp.take_along_axis(order, shift[:, None], axis=1)[:, 0]
    named = {"best": order[:, -1], "other": other, "worst": order[:, 0]}
    none = jnp.full(order[:, 0].shape, most_reward(study))
    return {kind: cue_token(arms, arm) for kind, arm in named.items()} | {"none": none}


def _contrary(arms: int, pulls: int) -> Int[Array, "1 1 t"]:
    """Arm 0 is cued, then pulled in vain ten times, arm 1 ten times with reward, in turns."""
    turns = jnp.tile(jnp.array([0, 3]), pulls)[: pulls - 1]
    return jnp.concatenate([jnp.asarray(cue_token(arms, 0))[None], turns])[None, None]


def effective_reliability(
    ours: Float[Array, "s p t a"], tokens: Int[Array, "p t"], arms: int
) -> tuple[Float[Array, " s"], Float[Array, " s"]]:
    """The reliability of the nearest posterior sampling for each seed, and the total variation to it."""
    pulls = tokens.shape[1]
    rule = CuedThompson(arms, pulls, jnp.ones(()), exact_nodes(arms, pulls))

    @eqx.filter_jit
    def distances(ours: Array) -> Float[Array, "r s"]:
        def one(reliability: Array) -> Array:
            told = dataclasses.replace(rule, parameter=reliability)
            theirs = jax.nn.softmax(jax.vmap(lambda history: told(TokenPrompt(history)))(tokens))
            return variation(ours, theirs).mean(axis=(1, 2))

        return jax.lax.map(one, jnp.asarray(RELIABILITIES))

    found = distances(ours)
    best = jnp.argmin(found, axis=0)
    return jnp.asarray(RELIABILITIES)[best], jnp.min(found, axis=0)


def _played(
    study: Study, name: str, population: Population, here: Environment, kind: str, first: Int[Array, " p"]
) -> Iterator[Record]:
    actions = play_all(population, here, first).actions
    lost = (jnp.max(here.means, axis=1)[None, :, None] - pulled(here.means, actions)).sum(axis=2)
    yield from study.rows(name, population, {"cued_regret": lost.mean(axis=1)}, cue=kind)
    if kind != "none":
        arms = here.means.shape[1]
        followed = actions == (first - cue_token(arms, 0))[None, :, None]
        for pulls, part in (("first", slice(None, EDGE)), ("last", slice(-EDGE, None))):
            share = followed[:, :, part].mean(axis=(1, 2))
            yield from study.rows(name, population, {"followed": share}, cue=kind, pulls=pulls)
