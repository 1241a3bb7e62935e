"""Losses after each example of a sequence, and which algorithm each learner is nearest to there."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import diverged
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.ranges import PositiveInt
from icgd.studies.causal.answers import Apart, answers, apart, bound_of, mean_losses, told_apart

METRICS = {
    "bounded_loss": Metric("½‖ŷ − y‖² with predictions bounded, mean over prompts", ("position",)),
    "sequence_loss": Metric("bounded_loss, mean over positions"),
    "diverged_fraction": Metric("share of predictions, at any position, that are beyond the bound"),
    "relative_excess_sequence_loss": Metric(
        "(L − L_ref)/L_ref of sequence_loss on the same prompts", ("reference",)
    ),
    "relative_excess_loss": Metric(
        "(L − L_ref)/L_ref of bounded_loss on the same prompts", ("position", "reference")
    ),
    "relative_distance": Metric(
        "‖ŷ − ŷ_ref‖ over the mean size of targets, mean over prompts", ("position", "reference")
    ),
    "sequence_distance": Metric("relative_distance, mean over positions", ("reference",)),
    "sequence_distance_over_nearest_rival": Metric(
        "sequence_distance to the algorithm over the least to one of its rivals", ("reference",)
    ),
    "nearest_share": Metric("share of positions at which no other reference is nearer", ("reference",)),
    "nearest_over_runner_up": Metric("the least relative_distance over the next", ("position",)),
    "told_apart": Metric(
        "1 if the runner-up is further by two standard errors over prompts, else 0", ("position",)
    ),
    "told_apart_share": Metric("told_apart, mean over positions"),
}
COLUMNS = {"position": Column("Int64", "number of examples before the prediction")}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Every learner of the experiment."""
    return experiment.learners


def measure(study: Study, *, prompts: PositiveInt = 8192) -> Iterator[Record]:
    """Losses of all learners; distances of those with references to each of them."""
    stored, targets = study.prompts(count=prompts)
    found = {name: answers(population, stored) for name, population in study.learners.items()}
    loss = {name: mean_losses(each, targets) for name, each in found.items()}
    for name, population in study.learners.items():
        whole = {
            "sequence_loss": loss[name].mean(axis=1),
            "diverged_fraction": diverged(found[name], bound_of(targets)).mean(axis=(1, 2)),
        }
        yield from study.rows(name, population, whole)
        yield from by_position(study, name, population, {"bounded_loss": loss[name]})
    for name, comparison in study.references.items():
        population, algorithm = study.learners[name], comparison.algorithm
        for reference in comparison.all:
            ratio = loss[name].mean(axis=1) / loss[reference].mean(axis=1)
            yield from study.rows(
                name, population, {"relative_excess_sequence_loss": ratio - 1}, reference=reference
            )
        excess = {"relative_excess_loss": loss[name] / loss[algorithm] - 1}
        yield from by_position(study, name, population, excess, reference=algorithm)
        distances = {other: apart(found[name], found[other], targets) for other in comparison.all}
        yield from _distances(study, name, population, distances)
        if comparison.rivals:
            yield from _nearest(study, name, population, list(distances.values()))


def by_position(
    study: Study,
    name: str,
    population: Population,
    metrics: Mapping[str, Float[Array, "seeds n"]],
    **columns: Any,
) -> Iterator[Record]:
    """Rows for metrics with a value for each seed and position."""
    for index in range(len(next(iter(metrics.values()))[0])):
        here = {metric: values[:, index] for metric, values in metrics.items()}
        yield from study.rows(name, population, here, position=index + 1, **columns)


def _distances(
    study: Study, name: str, population: Population, distances: Mapping[str, Apart]
) -> Iterator[Record]:
    """To each reference, the algorithm first."""
    means = jnp.stack([each.mean for each in distances.values()])
    nearest = (means == means.min(axis=0)).astype(float)
    for reference, mean, is_nearest in zip(distances, means, nearest, strict=True):
        yield from by_position(study, name, population, {"relative_distance": mean}, reference=reference)
        whole = {"sequence_distance": mean.mean(axis=1), "nearest_share": is_nearest.mean(axis=1)}
        yield from study.rows(name, population, whole, reference=reference)
    if len(distances) == 1:
        return
    first, *others = means.mean(axis=2)
    ratio = {"sequence_distance_over_nearest_rival": first / jnp.stack(others).min(axis=0)}
    yield from study.rows(name, population, ratio, reference=next(iter(distances)))


def _nearest(study: Study, name: str, population: Population, distances: list[Apart]) -> Iterator[Record]:
    """How far ahead of the next the nearest one is, and whether the prompts tell them apart."""
    order = jnp.argsort(jnp.stack([each.mean for each in distances]), axis=0)[:, None, :, None]
    sizes, kept = (jnp.stack(parts) for parts in zip(*distances, strict=True))
    near, far = (
        Apart(*(jnp.take_along_axis(part, order[rank], axis=0)[0] for part in (sizes, kept)))
        for rank in (0, 1)
    )
    apart_here = told_apart(near, far)
    ahead = {"nearest_over_runner_up": near.mean / far.mean, "told_apart": apart_here}
    yield from by_position(study, name, population, ahead)
    yield from study.rows(name, population, {"told_apart_share": apart_here.mean(axis=1)})
