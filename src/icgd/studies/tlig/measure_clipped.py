"""Stacks and descent with all activations bounded in training as in evaluation (TLIG, from four layers on).

Both are layers on tokens (descent as in `icgd.constructions.descent_layers`), with every entry of every token
bounded after every layer; a bound of 0 is none. For looped layers of one head also the mean of their weights
and of those of looped descent.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
from jaxtyping import Array, Float

from icgd.algorithms.descent import GradientDescent, GradientDescentPlusPlus
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import (
    DISTANCES,
    EXCESSES,
    LOSSES,
    Outputs,
    distances,
    divergence_bound,
    loss_metrics,
    losses,
    outputs,
    performance,
    predict,
)
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.constructions.descent_layers import descent_stack, looped_descent
from icgd.constructions.gradient_layer import interpolate
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.models.residual_stack import ResidualStack, bounded_stack
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, NonNegativeFloat, PositiveInt
from icgd.spec.laws import Condition

INTERPOLATED = {
    "interpolated_loss": Metric("loss of the mean of trained and constructed weights", ("reference",)),
    "interpolated_relative_excess_loss": Metric("its relative excess over the reference", ("reference",)),
}
METRICS = {
    name: Metric(metric.meaning, (*metric.by, "bound"))
    for name, metric in (LOSSES | EXCESSES | DISTANCES | INTERPOLATED).items()
}
COLUMNS = {"bound": Column("Float64", "largest size of an activation, in learner and reference; 0 for any")}
OTHERS = ()
Samples = tuple[Prompt, Float[Array, "p m"]]


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named and what they are compared with."""
    found = options["learners"]
    return list(dict.fromkeys([*found, *(name for others in found.values() for name in others)]))


def measure(
    study: Study,
    *,
    learners: dict[LearnerName, list[LearnerName]],
    bounds: dict[LearnerName, NonNegativeFloat],
    shifted: list[LearnerName],
    prompts: PositiveInt = 8192,
    history_prompts: PositiveInt = 1024,
) -> Iterator[Record]:
    """Losses and distances to the references on the law, there at every snapshot, and under shifts.

    learners: references by learner, the excess being over the first. bounds: by learner, 0 if it has none.
    shifted: learners that are measured under shifts.
    """
    for condition in study.conditions:
        sample = study.prompts(condition, prompts)
        done: set[tuple[str, float]] = set()
        for name, others in learners.items():
            if condition != study.law and name not in shifted:
                continue
            bound = bounds.get(name, 0.0)
            found = {other: _outputs(study.learners[other], sample[0], bound) for other in others}
            yield from _compared(study, name, study.learners[name], found, sample, bound, condition)
            for other in others:
                if (other, bound) not in done:
                    yield from _reference(study, other, found[other], sample, bound, condition)
                done.add((other, bound))
            if condition == study.law:
                yield from _interpolated(study, name, others[0], sample, bound)
    sample = study.prompts(count=history_prompts)
    for name, others in learners.items():
        bound = bounds.get(name, 0.0)
        found = {other: _outputs(study.learners[other], sample[0], bound) for other in others}
        for population in study.history.get(name, []):
            yield from _compared(study, name, population, found, sample, bound, study.law)


def _as_stack(learner: Learner, shape: tuple[int, int]) -> Transformer | ResidualStack:
    if isinstance(learner, GradientDescent | GradientDescentPlusPlus):
        return descent_stack(learner, shape)
    if not isinstance(learner, Transformer | ResidualStack):
        raise TypeError(f"{type(learner).__name__} has no layers whose activations could be bounded")
    return learner


def _shape(prompts: Prompt) -> tuple[int, int]:
    return prompts.x.shape[-1], prompts.y.shape[-1]


def _outputs(population: Population, prompts: Prompt, bound: float) -> Outputs:
    learners = population.map(lambda one: bounded_stack(_as_stack(one, _shape(prompts)), bound))
    return outputs(learners, prompts, len(prompts.y))


def _compared(
    study: Study,
    name: str,
    population: Population,
    found: Mapping[str, Outputs],
    sample: Samples,
    bound: float,
    condition: Condition,
) -> Iterator[Record]:
    """The learner's losses, its excess over the first reference, and its distances to all."""
    prompts, targets = sample
    ours, first = _outputs(population, prompts, bound), next(iter(found))
    performed = performance(ours.prediction, found[first].prediction, targets)
    yield from study.rows(name, population, {m: performed[m] for m in LOSSES}, condition, bound=bound)
    excess = {m: performed[m] for m in EXCESSES}
    yield from study.rows(name, population, excess, condition, bound=bound, reference=first)
    for other, theirs in found.items():
        apart = distances(ours, theirs, divergence_bound(targets))
        yield from study.rows(name, population, apart, condition, bound=bound, reference=other)


def _reference(
    study: Study, name: str, found: Outputs, sample: Samples, bound: float, condition: Condition
) -> Iterator[Record]:
    performed = performance(found.prediction, found.prediction, sample[1])
    own = {m: performed[m] for m in LOSSES}
    yield from study.rows(name, study.learners[name], own, condition, bound=bound)


def _interpolated(study: Study, name: str, other: str, sample: Samples, bound: float) -> Iterator[Record]:
    """The mean of the weights of a looped layer of one head and of looped descent."""
    population, rival = study.learners[name], study.learners[other].learner
    model, (prompts, targets) = population.learner, sample
    looped = isinstance(model, Transformer) and model.repeats > 1 and model.layers[0].key.shape[1] == 1
    if not (looped and isinstance(rival, GradientDescentPlusPlus)):
        return
    target = looped_descent(jax.tree.map(lambda a: a[0], rival), _shape(prompts))
    mean = population.map(lambda one: bounded_stack(interpolate(one, target), bound))
    base = losses(_outputs(study.learners[other], prompts, bound).prediction, targets)
    found = loss_metrics(losses(predict(mean, prompts), targets), base)
    metrics = {f"interpolated_{metric}": found[metric] for metric in ("loss", "relative_excess_loss")}
    yield from study.rows(name, population, metrics, bound=bound, reference=other)
