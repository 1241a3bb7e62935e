"""Learners that are told their objective by a token: what they attain of each; and rewards turned round."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.retargetability import retargetability
from icgd.analysis.study import Population, Study
from icgd.bandits.policy import OBJECTIVES, Environment, cue_token
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.bandits.crowd import answers, chance, crowd, law_of, members, play_all, variation
from icgd.studies.bandits.purposes import (
    attained,
    mixed_histories,
    posterior_sampling,
    relative_error,
    told_first,
    turned_round,
)

METRICS = {
    "utility": Metric("mean utility of a pull under an objective", ("asked", "objective")),
    "least_gain": Metric("least of what asking for an objective gains of it over asking for another"),
    "retargetability": Metric("what asking gains relative to the explicit algorithms, mean over pairs"),
    "relative_error": Metric("Σ(π − π_ref)²/Σ(π_ref − 1/A)² to posterior sampling for it", ("asked",)),
    "turned_total_variation": Metric(
        "total variation between the answers to histories with all rewards turned round and posterior "
        "sampling for the least reward"
    ),
    "turned_utility": Metric(
        "mean utility of a pull with every reward shown as its opposite", ("objective",)
    ),
    "turned_first_arm": Metric("the same with every reward shown as its opposite"),
    "first_arm": Metric("share of pulls of arm 0 where it is the best in most tasks"),
}
COLUMNS: Mapping[str, Column] = {"asked": Column("string", "the objective that is told at the start")}
OTHERS = members


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """All learners; those that are trained side by side have names of their own."""
    return experiment.learners


def measure(
    study: Study,
    *,
    told: dict[LearnerName, list[LearnerName]],
    turned: list[LearnerName],
    favoured: dict[LearnerName, LearnerName] = {},  # noqa: B006
    prompts: PositiveInt = 512,
) -> Iterator[Record]:
    """`told` learners and the algorithms of max, min and target that they are held against.

    `turned` learners know the most reward alone. `favoured` ones are trained where arm 0 is the best more
    often than others, and play there, beside posterior sampling that is told so by a cue.
    """
    policies, arms = crowd(study), law_of(study).arms
    here, firsts = chance(study, prompts), told_first(arms)
    attains = {}
    for three in dict.fromkeys(map(tuple, told.values())):
        attains[three] = jnp.stack([attained(policies[each], here, firsts[0])[0] for each in three])
        for each, row, asked in zip(three, attains[three], OBJECTIVES, strict=True):
            for value, objective in zip(row, OBJECTIVES, strict=True):
                yield from study.rows(
                    each, policies[each], {"utility": [value]}, asked=asked, objective=objective
                )
    for name, explicit in told.items():
        population, theirs = policies[name], attains[tuple(explicit)]
        ours = jnp.stack([attained(population, here, first) for first in firsts], axis=1)
        yield from _matrix(study, name, population, ours, theirs)
        for first, asked in zip(firsts, OBJECTIVES, strict=True):
            tokens = mixed_histories(study.key("mixed"), here, first)
            error = relative_error(answers(population, tokens), posterior_sampling(asked, tokens, arms))
            yield from study.rows(name, population, {"relative_error": error}, asked=asked)
    for name in turned:
        yield from _turned(study, name, policies[name], here, firsts[0])
    for name, sampling in favoured.items():
        rule: Any = policies[sampling].learner
        law = chance(study, prompts, favourite=float(rule.parameter[0]))
        yield from _favoured(study, name, policies[name], law, firsts[0])
        yield from _favoured(study, sampling, policies[sampling], law, int(cue_token(arms, 0)))


def _matrix(
    study: Study,
    name: str,
    population: Population,
    ours: Float[Array, "s o o"],
    theirs: Float[Array, "o o"],
) -> Iterator[Record]:
    for i, asked in enumerate(OBJECTIVES):
        for j, objective in enumerate(OBJECTIVES):
            yield from study.rows(
                name, population, {"utility": ours[:, i, j]}, asked=asked, objective=objective
            )
    score = retargetability(ours, theirs)
    whole = {"retargetability": score.score, "least_gain": score.margins.min(axis=-1)}
    yield from study.rows(name, population, whole)


def _turned(
    study: Study, name: str, population: Population, here: Environment, first: int
) -> Iterator[Record]:
    """A learner of the most reward whose rewards are all turned round."""
    arms = law_of(study).arms
    tokens = mixed_histories(study.key("mixed"), here, first)
    turned = jnp.where(tokens < 2 * arms, tokens ^ 1, tokens)
    least = posterior_sampling("min", tokens, arms)
    apart = variation(answers(population, turned), least).mean(axis=(1, 2))
    yield from study.rows(name, population, {"turned_total_variation": apart})
    values = attained(population, turned_round(here), first)
    for number, objective in enumerate(OBJECTIVES):
        yield from study.rows(name, population, {"turned_utility": values[:, number]}, objective=objective)


def _favoured(
    study: Study, name: str, population: Population, here: Environment, first: int
) -> Iterator[Record]:
    found = {
        metric: (play_all(population, chances, first).actions == 0).mean(axis=(1, 2))
        for metric, chances in (("first_arm", here), ("turned_first_arm", turned_round(here)))
    }
    yield from study.rows(name, population, found)
