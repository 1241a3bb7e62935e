"""Other objectives by a change of parameters: what is copied and attained, beside a random network."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.retargetability import retargetability
from icgd.analysis.study import Population, Study
from icgd.bandits.policy import OBJECTIVES
from icgd.models.history_changes import Change, ChangedEnsemble, parameters
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.bandits.crowd import answers, chance, crowd, law_of, members, one_by_one
from icgd.studies.bandits.purposes import (
    attained,
    best_temperature,
    mixed_histories,
    posterior_sampling,
    relative_error,
    told_first,
)

CHANGE = ("objective", "part", "network")
METRICS = {
    "change_error": Metric("Σ(π − π_ref)²/Σ(π_ref − 1/A)² to posterior sampling for the objective", CHANGE),
    "temperature_error": Metric(
        "the same of the base at its best temperature, of either sign", ("objective",)
    ),
    "temperature": Metric("the number by which the base's logits are best multiplied", ("objective",)),
    "imitation": Metric("1 − change_error/temperature_error", CHANGE),
    "error_fallen": Metric(
        "share of change_error at the snapshot before the last that training removed since", CHANGE
    ),
    "change_utility": Metric("mean utility of a pull under the objective", CHANGE),
    "change_parameters": Metric("how many numbers were trained", CHANGE),
    "change_score": Metric("retargetability by the change, from utilities", ("part", "network")),
}
COLUMNS: Mapping[str, Column] = {
    "part": Column("string", "what was changed"),
    "network": Column("string", "what it was changed of: the base, or a random network"),
}
OTHERS = members


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """All learners; those that are trained side by side have names of their own."""
    return experiment.learners


def measure(
    study: Study,
    *,
    base: LearnerName,
    changed: list[LearnerName],
    explicit: list[LearnerName],
    prompts: PositiveInt = 512,
) -> Iterator[Record]:
    """On histories of mixed behaviour; `changed` are ensembles, `explicit` the algorithms by objective."""
    policies, arms = crowd(study), law_of(study).arms
    here, first = chance(study, prompts), told_first(arms)[0]
    tokens = mixed_histories(study.key("mixed"), here, first)
    wanted = {objective: posterior_sampling(objective, tokens, arms) for objective in OBJECTIVES}
    least = {}
    for objective in OBJECTIVES[1:]:
        error, scale = best_temperature(policies[base], tokens, wanted[objective])
        least[objective] = error
        found = {"temperature_error": error, "temperature": scale}
        yield from study.rows(base, policies[base], found, objective=objective)
    utilities: dict[Change, Float[Array, "s o"]] = {}
    for name, change, before in _changes(study, changed):
        population = policies[name]
        error = relative_error(answers(population, tokens), wanted[change.objective])
        if before:
            earlier = relative_error(answers(before, tokens), wanted[change.objective])
            fallen = {"error_fallen": 1 - error / earlier}
            yield from study.rows(name, population, fallen, **_columns(change), objective=change.objective)
        utilities[change] = attained(population, here, first)
        values: dict[str, Any] = {
            "change_error": error,
            "imitation": 1 - error / least[change.objective],
            "change_utility": utilities[change][:, OBJECTIVES.index(change.objective)],
            "change_parameters": [_size(population, change)] * len(population.seeds),
        }
        yield from study.rows(name, population, values, **_columns(change), objective=change.objective)
    theirs = jnp.stack([attained(policies[name], here, first)[0] for name in explicit])
    yield from _scores(study, policies[base], base, attained(policies[base], here, first), utilities, theirs)


def _changes(study: Study, changed: list[str]) -> Iterator[tuple[str, Change, Population | None]]:
    """Names, changes, and what they were at the snapshot before the last."""
    for each in changed:
        ensemble = study.learners[each].learner
        assert isinstance(ensemble, ChangedEnsemble)
        earlier = study.history.get(each, ())
        before = one_by_one(earlier[-1]) if earlier else {}
        for name, change in zip(ensemble.names, ensemble.changes, strict=True):
            yield name, change, before.get(name)


def _columns(change: Change) -> dict[str, Any]:
    return {"part": change.part, "network": "random" if change.random else "base"}


def _size(population: Population, change: Change) -> int:
    model: Any = jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, population.learner)
    return parameters(change.part, model)


def _scores(
    study: Study,
    population: Population,
    base: str,
    unchanged: Float[Array, "s o"],
    utilities: Mapping[Change, Float[Array, "s o"]],
    theirs: Float[Array, "o o"],
) -> Iterator[Record]:
    """Asked for the most reward the learner is the base, else it is changed; where both changes were made."""
    for one in dict.fromkeys(change._replace(objective=OBJECTIVES[0]) for change in utilities):
        turned = [one._replace(objective=objective) for objective in OBJECTIVES[1:]]
        if all(change in utilities for change in turned):
            ours = jnp.stack([unchanged, *(utilities[change] for change in turned)], axis=1)
            score = retargetability(ours, theirs).score
            yield from study.rows(base, population, {"change_score": score}, **_columns(one))
