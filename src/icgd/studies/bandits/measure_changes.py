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
from icgd.models.history_changes import parameters, part_of
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.bandits.crowd import MEMBERS, answers, chance, crowd, law_of
from icgd.studies.bandits.purposes import (
    attained,
    best_temperature,
    mixed_histories,
    posterior_sampling,
    relative_error,
    told_first,
)

METRICS = {
    "change_error": Metric(
        "Σ(π − π_ref)²/Σ(π_ref − 1/A)² to posterior sampling for the objective", ("objective",)
    ),
    "temperature_error": Metric(
        "the same of the base at its best temperature, of either sign", ("objective",)
    ),
    "temperature": Metric("the number by which the base's logits are best multiplied", ("objective",)),
    "imitation": Metric("1 − change_error/temperature_error", ("objective",)),
    "change_utility": Metric("mean utility of a pull under the objective", ("objective",)),
    "change_parameters": Metric("how many numbers were trained"),
    "change_score": Metric("retargetability by the change, from utilities", ("part",)),
}
COLUMNS: Mapping[str, Column] = {
    "part": Column("string", "what was changed, random_ first for the random network")
}
OTHERS = MEMBERS


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """All learners; those that are trained side by side have names of their own."""
    return experiment.learners


def measure(
    study: Study, *, base: LearnerName, explicit: list[LearnerName], prompts: PositiveInt = 512
) -> Iterator[Record]:
    """On histories of mixed behaviour; `explicit` are the algorithms of max, min and target."""
    policies, arms = crowd(study), law_of(study).arms
    here, first = chance(study, prompts), told_first(arms)[0]
    tokens = mixed_histories(study.key("mixed"), here, first)
    wanted = {objective: posterior_sampling(objective, tokens, arms) for objective in OBJECTIVES}
    least = {}
    for objective in OBJECTIVES[1:]:
        error, scale = best_temperature(policies[base], tokens, wanted[objective])
        least[objective] = error
        values = {"temperature_error": error, "temperature": scale}
        yield from study.rows(base, policies[base], values, objective=objective)
    changes = {name: p for name, p in policies.items() if "_to_" in name}
    utilities = {name: attained(p, here, first) for name, p in changes.items()}
    for name, population in changes.items():
        asked = next(objective for objective in OBJECTIVES if name.endswith(f"_to_{objective}"))
        error = relative_error(answers(population, tokens), wanted[asked])
        values = {
            "change_error": error,
            "imitation": 1 - error / least[asked],
            "change_utility": utilities[name][:, OBJECTIVES.index(asked)],
        }
        yield from study.rows(name, population, values, objective=asked)
        model: Any = jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, population.learner)
        count = [parameters(part_of(name), model)] * len(population.seeds)
        yield from study.rows(name, population, {"change_parameters": count})
    theirs = jnp.stack([attained(policies[name], here, first)[0] for name in explicit])
    yield from _scores(study, policies[base], base, attained(policies[base], here, first), utilities, theirs)


def _scores(
    study: Study,
    population: Population,
    base: str,
    unchanged: Float[Array, "s o"],
    utilities: Mapping[str, Float[Array, "s o"]],
    theirs: Float[Array, "o o"],
) -> Iterator[Record]:
    """Asked for the most reward the learner is the base, else it is changed; where both changes were made."""
    for part in dict.fromkeys(name.rpartition("_to_")[0] for name in utilities):
        turned = [f"{part}_to_{objective}" for objective in OBJECTIVES[1:]]
        if all(name in utilities for name in turned):
            ours = jnp.stack([unchanged, *(utilities[name] for name in turned)], axis=1)
            score = retargetability(ours, theirs, parameters=0, steps=0).score
            yield from study.rows(base, population, {"change_score": score}, part=part)
