"""Which algorithm is a learner, as a whole policy: distances to rivals on histories of several origins."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.bandits.crowd import answers, chance, crowd, members, most_reward, play_all, variation
from icgd.studies.bandits.rivals import (
    Fitted,
    cosine,
    fitted,
    known_parameters,
    order_dependence,
    sensitivities,
)

METRICS = {
    "total_variation": Metric(
        "½ Σ_a |π(a|h) − π_ref(a|h)|, mean over positions and histories", ("behaviour", "reference")
    ),
    "total_variation_over_nearest_rival": Metric(
        "total_variation to the algorithm over the least to one of its rivals, more general forms left out",
        ("behaviour", "reference"),
    ),
    "nearest_total_variation": Metric("the least total_variation, to any of them", ("behaviour",)),
    "seeds_apart": Metric(
        "total variation to another seed, mean over these; own histories are those of the first seed",
        ("behaviour",),
    ),
    "nearest_over_seeds_apart": Metric("nearest_total_variation over seeds_apart", ("behaviour",)),
    "algorithm_over_seeds_apart": Metric("total_variation to the algorithm over seeds_apart", ("behaviour",)),
    "fitted_parameter": Metric(
        "the reference's parameter that is nearest on other own histories", ("reference",)
    ),
    "order_dependence": Metric("total variation between the last answers to a history and to its shuffle"),
    "order_dependence_of_reference": Metric(
        "the same of the reference, on the same histories", ("reference",)
    ),
    "order_dependence_over_reference": Metric("the learner's over the algorithm's", ("reference",)),
    "sensitivity_cosine": Metric(
        "cosine of the changes of the last answer when each past reward is turned round", ("reference",)
    ),
}
COLUMNS: Mapping[str, Column] = {
    "behaviour": Column("string", "whose histories: own, or the policy's of a name")
}
OTHERS = members
OWN = "own"


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Every learner of the experiment."""
    return experiment.learners


def measure(
    study: Study,
    *,
    algorithms: dict[LearnerName, LearnerName],
    rivals: list[LearnerName],
    fit: list[LearnerName],
    behaviours: list[LearnerName],
    forms: dict[LearnerName, LearnerName] = {},  # noqa: B006
    prompts: PositiveInt = 128,
    turned: PositiveInt = 32,
) -> Iterator[Record]:
    """For each learner and the algorithm that it is held to be; `turned` histories have rewards turned round.

    Rivals' parameters are fitted on own histories, and all is compared on others. `forms` are more general
    forms of an algorithm: distances to them are measured, but it is not held against them.
    """
    policies, first = crowd(study), most_reward(study)
    test = chance(study, prompts)
    given = {name: play_all(policies[name], test, first).tokens for name in behaviours}
    for name, algorithm in algorithms.items():
        population = policies[name]
        tokens = play_all(population, chance(study, prompts, part="fit"), first).tokens
        ours = answers(population, tokens)
        near = {
            rival: fitted(policies[rival], tokens, ours, rival in fit, known_parameters(policies, rival))
            for rival in dict.fromkeys([algorithm, *rivals])
        }
        against = [rival for rival in near if rival != algorithm and forms.get(rival) != algorithm]
        for rival, found in near.items():
            if rival in fit:
                values = {"fitted_parameter": [found.parameter] * len(population.seeds)}
                yield from study.rows(name, population, values, reference=rival)
        own = play_all(population, test, first).tokens
        for behaviour, histories in {OWN: own, **given}.items():
            yield from _distances(study, name, algorithm, against, near, behaviour, histories, population)
        yield from _inside(study, name, algorithm, near, own, own[:, :turned], population)


def _distances(
    study: Study,
    name: str,
    algorithm: str,
    against: Sequence[str],
    near: Mapping[str, Fitted],
    behaviour: str,
    histories: Int[Array, "s p t"],
    population: Population,
) -> Iterator[Record]:
    ours = answers(population, histories)
    apart = {
        rival: variation(ours, answers(found.population, histories)).mean(axis=(1, 2))
        for rival, found in near.items()
    }
    for rival, distance in apart.items():
        values = {"total_variation": distance}
        yield from study.rows(name, population, values, behaviour=behaviour, reference=rival)
    others = jnp.stack([apart[rival] for rival in against]).min(axis=0)
    ratio = {"total_variation_over_nearest_rival": apart[algorithm] / others}
    yield from study.rows(name, population, ratio, behaviour=behaviour, reference=algorithm)
    least = jnp.stack(list(apart.values())).min(axis=0)
    whole = {"nearest_total_variation": least}
    if len(population.seeds) > 1:
        between = seeds_apart(population, histories)
        whole |= {
            "seeds_apart": between,
            "nearest_over_seeds_apart": least / between,
            "algorithm_over_seeds_apart": apart[algorithm] / between,
        }
    yield from study.rows(name, population, whole, behaviour=behaviour)


def seeds_apart(population: Population, histories: Int[Array, "s p t"]) -> Float[Array, " seeds"]:
    """Each seed's mean distance to the others, on the first seed's histories."""
    found = answers(population, histories[:1])
    count = len(population.seeds)
    total = [jnp.zeros(())] * count
    for i, j in itertools.permutations(range(count), 2):
        total[i] = total[i] + variation(found[i], found[j]).mean()
    return jnp.stack(total) / (count - 1)


def _inside(
    study: Study,
    name: str,
    algorithm: str,
    near: Mapping[str, Fitted],
    histories: Int[Array, "s p t"],
    few: Int[Array, "s q t"],
    population: Population,
) -> Iterator[Record]:
    """Dependence on order, and on each past reward."""
    key = study.key("order")
    order = order_dependence(population, histories, key)
    yield from study.rows(name, population, {"order_dependence": order})
    ours = sensitivities(population, few)
    for rival, found in near.items():
        theirs = order_dependence(found.population, histories, key)
        values = {"order_dependence_of_reference": theirs}
        if rival == algorithm:
            values |= {"order_dependence_over_reference": order / theirs}
        yield from study.rows(name, population, values, reference=rival)
        along = cosine(ours, sensitivities(found.population, few))
        yield from study.rows(name, population, {"sensitivity_cosine": along}, reference=rival)
