"""Losses in and out of distribution, and the distance of learners to the algorithms they may be."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import (
    DISTANCES,
    EXCESSES,
    LOSSES,
    Outputs,
    distances,
    divergence_bound,
    outputs_of,
    performance,
)
from icgd.analysis.experiment import Experiment
from icgd.analysis.nearest import beyond_nearest
from icgd.analysis.study import Study
from icgd.ranges import NonNegativeFloat, NonNegativeInt, PositiveInt
from icgd.spec.laws import Condition
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory import linear

Metrics = dict[str, Float[Array, " seeds"]]

METRICS = (
    LOSSES
    | EXCESSES
    | DISTANCES
    | {
        "relative_distance": Metric("prediction_l2 over the mean size of targets", ("reference",)),
        "relative_distance_standard_error": Metric("its standard error over prompts", ("reference",)),
        "beyond_nearest": Metric(
            "relative_distance less that to the seed's nearest reference, on the same prompts", ("reference",)
        ),
        "beyond_nearest_standard_error": Metric("its standard error over prompts", ("reference",)),
        "is_algorithm": Metric("1 if the learner is the reference by the atlas's margins", ("reference",)),
        "prediction_l2_over_nearest_rival": Metric(
            "prediction_l2 to the algorithm over the least to one of its rivals", ("reference",)
        ),
        "trivial_loss": Metric("closed-form loss of predicting zero"),
        "learning_rate": Metric("optimal rate of one step on the mean over the prompt"),
    }
)
COLUMNS: Mapping[str, Column] = {}
OTHERS = ("closed_form",)
"""What rows are about that is no learner of the experiment."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Every learner of the experiment."""
    return experiment.learners


def measure(
    study: Study,
    *,
    sensitivity_prompts: PositiveInt = 16384,
    shift_prompts: NonNegativeInt = 0,
    prediction_margin: NonNegativeFloat = 0.0,
    cosine_margin: NonNegativeFloat = 0.0,
) -> Iterator[Record]:
    """Losses of all learners; distances of those with references to each of them, under all conditions.

    Under shifts only the compared learners are evaluated.
    shift_prompts: how many prompts to use where the law is not the training law; 0 for all.
    The margins, if positive, also give each learner's verdict on each reference (see `verdicts`), and by how
    much each is further away than the nearest.
    """
    for condition in study.conditions:
        shifted = condition != study.law
        prompts, targets = study.prompts(condition, shift_prompts if shifted and shift_prompts else None)
        names = study.compared if shifted else list(study.learners)
        learners = {name: study.learners[name].learner for name in names}
        found = outputs_of(learners, prompts, sensitivity_prompts)
        yield from _closed_form(study, condition)
        for name in names:
            yield from _compared(study, condition, name, found, targets, (prediction_margin, cosine_margin))


def _compared(
    study: Study,
    condition: Condition,
    name: str,
    found: Mapping[str, Outputs],
    targets: Float[Array, "p m"],
    margins: tuple[float, float],
) -> Iterator[Record]:
    """Losses of one learner, and its distances to its references."""
    population, ours = study.learners[name], found[name]
    comparison = study.references.get(name)
    base = found[comparison.algorithm].prediction[:1] if comparison else ours.prediction[:1]
    performed = performance(ours.prediction, base, targets)
    yield from study.rows(name, population, {m: performed[m] for m in LOSSES}, condition)
    if comparison is None:
        return
    excess = {m: performed[m] for m in EXCESSES}
    bound, typical = divergence_bound(targets), jnp.mean(jnp.linalg.norm(targets, axis=-1))
    apart = {other: _distances(ours, found[other], bound, typical) for other in comparison.all}
    if comparison.rivals:
        nearest = jnp.stack([apart[rival]["prediction_l2"] for rival in comparison.rivals]).min(axis=0)
        excess["prediction_l2_over_nearest_rival"] = apart[comparison.algorithm]["prediction_l2"] / nearest
    yield from study.rows(name, population, excess, condition, reference=comparison.algorithm)
    if margins[0]:
        others = [found[other].prediction for other in comparison.all]
        gaps = zip(*beyond_nearest(ours.prediction, others, bound), strict=True)
        holds = verdicts(apart, *margins)
        for other, (gap, error) in zip(comparison.all, gaps, strict=True):
            beyond = {"beyond_nearest": gap / typical, "beyond_nearest_standard_error": error / typical}
            apart[other] |= holds[other] | beyond
    for other, metrics in apart.items():
        yield from study.rows(name, population, metrics, condition, reference=other)


def _distances(ours: Outputs, theirs: Outputs, bound: Float[Array, ""], typical: Float[Array, ""]) -> Metrics:
    found = distances(ours, theirs, bound)
    relative = {
        "relative_distance": found["prediction_l2"] / typical,
        "relative_distance_standard_error": found["prediction_l2_standard_error"] / typical,
    }
    return found | relative


def verdicts(apart: Mapping[str, Metrics], prediction: float, cosine: float) -> dict[str, Metrics]:
    """`is_algorithm` for each reference, 1 or 0 for each seed.

    A learner is an algorithm if its relative distance plus two standard errors over prompts is below
    the prediction margin, one minus the sensitivity cosine below the cosine margin, and no other
    reference is nearer.
    """
    distance = jnp.stack([metrics["relative_distance"] for metrics in apart.values()])
    error = jnp.stack([metrics["relative_distance_standard_error"] for metrics in apart.values()])
    turned = 1 - jnp.stack([metrics["sensitivity_cosine"] for metrics in apart.values()])
    nearest = distance == jnp.nanmin(distance, axis=0)
    holds = nearest & (distance + 2 * error < prediction) & (turned < cosine)
    return {name: {"is_algorithm": row.astype(float)} for name, row in zip(apart, holds, strict=True)}


def _closed_form(study: Study, condition: Condition) -> Iterator[Record]:
    """Exact population losses of the one-step reference and of predicting zero, where they are known.

    The rate is that of the training law, per example as in the trained layer's weights.
    """
    task, trained = study.task(condition), study.task()
    if not (isinstance(task, LinearRegression) and isinstance(trained, LinearRegression)):
        return
    rate = linear.optimal_learning_rate(trained)
    per_example = rate * task.context_length / trained.context_length
    metrics = {
        "loss": linear.gradient_step_loss(task, per_example),
        "trivial_loss": linear.trivial_loss(task),
        "learning_rate": rate,
    }
    yield from study.rows("closed_form", None, metrics, condition)
