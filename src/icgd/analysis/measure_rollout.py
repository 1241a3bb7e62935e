"""A trained layer applied again and again with damping, beside as many damped steps of descent."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from icgd.algorithms.descent import GradientDescent, GradientDescentPlusPlus
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import (
    CHUNK,
    EXCESSES,
    LOSSES,
    bounded,
    diverged,
    divergence_bound,
    in_double,
    loss_metrics,
    losses,
    performance,
)
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveFloat, PositiveInt

TIMES = ("times",)
METRICS = {
    **{name: Metric(metric.meaning, TIMES) for name, metric in LOSSES.items()},
    **{name: Metric(metric.meaning, ("reference", *TIMES)) for name, metric in EXCESSES.items()},
    "stable_loss": Metric("bounded loss over the prompts on which the reference never diverges", TIMES),
    "stable_loss_relative_standard_error": Metric("its standard error over prompts, relative to it", TIMES),
    "stable_relative_excess_loss": Metric("its relative excess over the reference's", ("reference", *TIMES)),
    "stable_relative_excess_loss_standard_error": Metric(
        "its standard error over prompts", ("reference", *TIMES)
    ),
    "unstable_fraction": Metric("share of the prompts on which the reference diverges"),
}
COLUMNS = {"times": Column("Int64", "how often a layer or step was applied")}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named and their algorithms."""
    names = options["learners"]
    return list(dict.fromkeys([*names, *(experiment.references[name].algorithm for name in names)]))


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    steps: PositiveInt = 50,
    damping: PositiveFloat = 0.75,
    prompts: PositiveInt = 8192,
) -> Iterator[Record]:
    """Losses at every step of each of `learners`, one layer applied repeatedly, and of its algorithm.

    `loss` averages over all prompts, on some of which descent itself diverges; `stable_loss` and its
    excess over the algorithm are over those on which no prediction of the algorithm did, bounded.
    """
    stored, targets = study.prompts(count=prompts)
    bound = divergence_bound(targets)
    found: dict[str, Array] = {}
    done: set[str] = set()
    for name in learners:
        algorithm = study.references[name].algorithm
        for needed in (algorithm, name):
            if needed not in found:
                found[needed] = trajectories(study.learners[needed], steps, damping, stored)
        stable = ~diverged(found[algorithm][0], bound).any(axis=-1)
        for each in dict.fromkeys((name, algorithm)):
            if each not in done:
                yield from _rows(study, each, algorithm, found[each], found[algorithm], targets, stable)
            done |= {each}


def unrolled(learner: Learner, steps: int, damping: float) -> Learner:
    """The same learner repeated for `steps` steps, each update multiplied by `damping`."""
    if isinstance(learner, Transformer):
        return dataclasses.replace(learner, repeats=steps, damping=damping)

    def repeat(rates: Float[Array, " k"]) -> Float[Array, " steps"]:
        return damping * jnp.repeat(rates[:1], steps)

    if isinstance(learner, GradientDescent):
        return dataclasses.replace(learner, learning_rates=repeat(learner.learning_rates))
    if isinstance(learner, GradientDescentPlusPlus):
        rates, shrinkages = repeat(learner.learning_rates), repeat(learner.shrinkages)
        return dataclasses.replace(learner, learning_rates=rates, shrinkages=shrinkages)
    raise TypeError(f"{type(learner).__name__} has no step that could be repeated")


def trajectories(
    population: Population, steps: int, damping: float, prompts: Prompt
) -> Float[Array, "seeds p steps m"]:
    """Predictions after each of the damped steps."""
    return _trajectories(population.map(unrolled, steps, damping), prompts)


@eqx.filter_jit
def _trajectories(learners: Learner, prompts: Prompt) -> Float[Array, "seeds p steps m"]:
    def each_seed(learner: Learner) -> Array:
        return jax.lax.map(lambda p: learner.trajectory(in_double(p)), prompts, batch_size=CHUNK)

    return eqx.filter_vmap(each_seed)(learners)


def _rows(
    study: Study,
    name: str,
    algorithm: str,
    ours: Float[Array, "seeds p steps m"],
    base: Float[Array, "one p steps m"],
    targets: Float[Array, "p m"],
    stable: Bool[Array, " p"],
) -> Iterator[Record]:
    population, bound = study.learners[name], divergence_bound(targets)
    for step in range(ours.shape[2]):
        performed = performance(ours[:, :, step], base[:, :, step], targets)
        sides = (bounded(side[:, stable, step], bound) for side in (ours, base))
        values, reference = (losses(side, targets[stable]) for side in sides)
        performed |= {f"stable_{metric}": v for metric, v in loss_metrics(values, reference).items()}
        excess = {metric: v for metric, v in performed.items() if "reference" in METRICS[metric].by}
        own = {metric: v for metric, v in performed.items() if metric not in excess}
        yield from study.rows(name, population, own, times=step + 1)
        if name != algorithm:
            yield from study.rows(name, population, excess, times=step + 1, reference=algorithm)
    unstable = jnp.broadcast_to(1 - stable.mean(), ours.shape[0])
    yield from study.rows(name, population, {"unstable_fraction": unstable})
