"""Does a model do what its prompt asks? Every prompted objective against every explicit algorithm.

The error is MSE / mean(ŷ_algorithm²), the cosine that of sensitivities to the query. Between two prompts,
the objective's embedding is interpolated.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import Outputs, distances, divergence_bound, outputs, predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from icgd.ranges import Fraction, LearnerName, PositiveInt
from icgd.spec.laws import Condition
from icgd.studies.retargeting.knobs import asking
from icgd.studies.retargeting.ruler import DESCENT, FITS, relative_error

KINDS = {"margin": DESCENT, "exact_margin": FITS}
METRICS = {
    "error": Metric("MSE over mean(ŷ²) of the reference", ("objective", "reference")),
    "cosine": Metric("cosine of ∂ŷ/∂x_q and the reference's, mean over prompts", ("objective", "reference")),
    "margin": Metric(
        "error to descent on the objective over the least to descent on another", ("objective",)
    ),
    "exact_margin": Metric("error to the objective's exact fit over the least to another's", ("objective",)),
    "mixed_error": Metric(
        "error at a mixture of two prompts", ("objective", "other_objective", "share", "reference")
    ),
}
COLUMNS = {
    "other_objective": Column("string", "the second objective of a mixture of two prompts"),
    "share": Column("Float64", "share of a mixture's second part", option="mixtures"),
}
OTHERS = ()
SENSITIVITIES = 128
"""The number of prompts whose sensitivities are compared."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named, descent on all objectives and their exact fits."""
    return list(dict.fromkeys([*options["learners"], *DESCENT.values(), *FITS.values()]))


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    mixtures: list[Fraction],
    prompts: PositiveInt = 1024,
    shift_prompts: PositiveInt = 512,
) -> Iterator[Record]:
    """Errors, cosines and margins of every answer, on the training law and under shifts.

    Mixtures of two prompts are measured on the training law alone, `mixtures` being shares of the second, on
    the first `shift_prompts`.
    """
    for condition in study.conditions:
        law = condition == study.law
        stored, targets = study.prompts(condition, prompts if law else shift_prompts)
        bound = divergence_bound(targets)
        names = [*DESCENT.values(), *FITS.values()]
        found = {name: outputs(study.learners[name].learner, stored, SENSITIVITIES) for name in names}
        for name in learners:
            for objective in OBJECTIVES:
                yield from _answer(study, condition, name, stored, objective, found, bound)
            if law:
                few = jax.tree.map(lambda a: a[:shift_prompts], stored)
                known = {other: theirs.prediction[:, :shift_prompts, 0] for other, theirs in found.items()}
                yield from _mixed(study, name, few, known, mixtures)


def _answer(
    study: Study,
    condition: Condition,
    name: str,
    stored: Prompt,
    objective: str,
    found: Mapping[str, Outputs],
    bound: Float[Array, ""],
) -> Iterator[Record]:
    """What a learner answers when asked for an objective, beside every algorithm."""
    population, errors = study.learners[name], {}
    ours = outputs(population.learner, asking(stored, objective), SENSITIVITIES)
    for reference, theirs in found.items():
        errors[reference] = relative_error(ours.prediction[..., 0], theirs.prediction[..., 0])
        metrics = {"error": errors[reference], "cosine": distances(ours, theirs, bound)["sensitivity_cosine"]}
        yield from study.rows(name, population, metrics, condition, objective=objective, reference=reference)
    yield from study.rows(name, population, margins(errors, objective), condition, objective=objective)


def margins(errors: Mapping[str, Float[Array, " seeds"]], asked: str) -> dict[str, Float[Array, " seeds"]]:
    """The error to what was asked over the least error to what was not, for descent and for exact fits.

    They are below 1 where descent on what was asked, or its fit, is nearer than those of other objectives.
    """
    found = {}
    for kind, algorithms in KINDS.items():
        others = jnp.stack([errors[name] for objective, name in algorithms.items() if objective != asked])
        found[kind] = errors[algorithms[asked]] / jnp.min(others, axis=0)
    return found


def _mixed(
    study: Study,
    name: str,
    stored: Prompt,
    known: Mapping[str, Float[Array, "one p"]],
    mixtures: list[float],
) -> Iterator[Record]:
    """Errors to the algorithms for each pair of objectives and each share of the second."""
    population = study.learners[name]
    for (first, second), share in itertools.product(itertools.combinations(OBJECTIVES, 2), mixtures):
        ends = asking(stored, first).objective, asking(stored, second).objective
        assert ends[0] is not None and ends[1] is not None
        blend = (1 - share) * ends[0] + share * ends[1]
        ours = predict(population.learner, dataclasses.replace(stored, objective=blend))[..., 0]
        place: dict[str, Any] = {"objective": first, "other_objective": second, "share": share}
        for reference, theirs in known.items():
            found = {"mixed_error": relative_error(ours, theirs)}
            yield from study.rows(name, population, found, **place, reference=reference)
