"""What learners attain of each objective when they are asked for each: the attainment matrix."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.attainment import Ruler, implied_weights, values
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.retargetability import own_gains, retargetability
from icgd.analysis.study import Study
from icgd.objectives.dial import OBJECTIVES
from icgd.ranges import Fraction, LearnerName, PositiveInt
from icgd.spec.laws import Condition
from icgd.studies.retargeting.knobs import (
    DESCENT,
    EXPLICIT,
    asked_weights,
    bootstrap,
    explicit_matrix,
    population,
    queries,
    told,
)
from icgd.tasks.objective_regression import ObjectiveRegression

CELL = ("objective", "attained")
METRICS = {
    "attainment": Metric(
        "(V(base) − V)/(V(base) − V(best)) of one objective when another is asked for", CELL
    ),
    "attainment_low": Metric("its low end by bootstrap over prompts within seeds", CELL),
    "attainment_high": Metric("its high end", CELL),
    "objective_value": Metric("mean |r|, mean r² or max |r|, mean over prompts", CELL),
    "linearity": Metric("share of the predictions' variance that implied weights explain", ("objective",)),
    "own_gain": Metric(
        "attainment of an objective when it is asked for, less the most when another is", ("objective",)
    ),
    "share_of_explicit": Metric(
        "attainment of the objective asked for over that of its explicit algorithm", ("objective",)
    ),
    "score": Metric("retargetability: gains by asking over those of the explicit algorithms"),
    "imitation_error": Metric(
        "‖w − w_descent‖² over ‖w_descent‖², of descent on what is asked", ("objective",)
    ),
    "mixed_attainment": Metric(
        "attainment at a mixture of two objectives", ("objective", "other_objective", "share", "attained")
    ),
}
COLUMNS = {
    "attained": Column("string", "the objective whose value is measured"),
    "other_objective": Column("string", "the second objective of a mixture of two"),
    "share": Column("Float64", "share of a mixture's second part", option="mixtures"),
}
FEW = 16
"""Queries at which learners are asked under shifts and between objectives."""
OTHERS = (EXPLICIT,)
"""The explicit algorithms, the objective asked for choosing among them."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named, and descent on all objectives."""
    return list(dict.fromkeys([*options["learners"], *DESCENT.values()]))


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    mixtures: list[Fraction],
    prompts: PositiveInt = 1024,
    shift_prompts: PositiveInt = 512,
) -> Iterator[Record]:
    """Matrices on the training law and under shifts; mixtures of two objectives on the law alone.

    These are on the first `shift_prompts`.
    """
    task = study.task()
    assert isinstance(task, ObjectiveRegression)
    at = queries(study, task.dimension)
    for condition in study.conditions:
        law = condition == study.law
        stored, _ = study.prompts(condition, prompts if law else shift_prompts)
        ruler = Ruler.of(stored)
        asked_at = at if law else at[:FEW]
        explicit = explicit_matrix(study, ruler, asked_at)
        # Circuits are made for one length of context.
        for name in [EXPLICIT, *(name for name in learners if law or name in study.history)]:
            yield from _matrix(study, condition, name, ruler, asked_at, explicit)
            if law and name in study.history:
                few = jax.tree.map(lambda a: a[:shift_prompts], ruler)
                yield from _mixed(study, name, few, at[:FEW], mixtures)


def _matrix(
    study: Study,
    condition: Condition,
    name: str,
    ruler: Ruler,
    at: Float[Array, "q d"],
    explicit: Float[Array, "3 3"],
) -> Iterator[Record]:
    """Every cell of a learner's matrix, and what it says of its knob."""

    def rows(metrics: Mapping[str, Any], **columns: Any) -> Iterator[Record]:
        return study.rows(name, study.learners.get(name), metrics, condition, **columns)

    matrix = []
    for asked in OBJECTIVES:
        learners = population(study, name, asked)
        weights, explained = asked_weights(learners.learner, ruler.prompts, at, asked)
        theirs = asked_weights(study.learners[DESCENT[asked]].learner, ruler.prompts, at, asked).weights
        error = jnp.sum((weights - theirs) ** 2, (1, 2)) / jnp.sum(theirs**2)
        yield from rows({"linearity": explained, "imitation_error": error}, objective=asked)
        matrix.append(ruler.attained(weights))
        found = values(ruler.prompts, weights).mean(axis=1)
        for place, attained in enumerate(OBJECTIVES):
            cell = {"attainment": matrix[-1][:, place], "objective_value": found[:, place]}
            yield from rows(cell, objective=asked, attained=attained)
        if condition == study.law:
            ends = bootstrap(study, ruler, weights, name, asked)
            for place, attained in enumerate(OBJECTIVES):
                cell = dict(zip(("attainment_low", "attainment_high"), ends[:, place], strict=True))
                yield from study.rows(name, None, cell, condition, objective=asked, attained=attained)
    table = jnp.stack(matrix, axis=1)
    if condition == study.law:
        yield from rows({"score": retargetability(table, explicit).score})
    margins = own_gains(table)
    for place, asked in enumerate(OBJECTIVES):
        share = table[:, place, place] / explicit[place, place]
        yield from rows({"own_gain": margins[:, place], "share_of_explicit": share}, objective=asked)


def _mixed(
    study: Study, name: str, ruler: Ruler, at: Float[Array, "q d"], mixtures: list[float]
) -> Iterator[Record]:
    """Attainment for each pair of objectives and each share of the second."""
    learners = study.learners[name]
    rows = jax.nn.one_hot(jnp.arange(len(OBJECTIVES)), len(OBJECTIVES))
    for (first, second), share in itertools.product(itertools.combinations(OBJECTIVES, 2), mixtures):
        one, other = (rows[OBJECTIVES.index(each)] for each in (first, second))
        blend = told(ruler.prompts, (1 - share) * one + share * other)
        found = ruler.attained(implied_weights(learners.learner, blend, at).weights)
        place: dict[str, Any] = {"objective": first, "other_objective": second, "share": share}
        for index, attained in enumerate(OBJECTIVES):
            cell = {"mixed_attainment": found[:, index]}
            yield from study.rows(name, learners, cell, attained=attained, **place)
