"""Trained stacks beside what is left of them when each layer is two numbers, η and γ."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.distances import (
    bounded,
    diverged,
    divergence_bound,
    losses,
    mean_where,
    predict,
)
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.analysis.tidy import Column, Metric, Record
from icgd.constructions.rebuilt_stack import products_in_gauge, rebuilt, step_numbers
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from icgd.ranges import LearnerName, PositiveInt
from icgd.tasks.linear_regression import LinearRegression

ENTRY = ("layer", "row", "column")
METRICS = {
    "rebuilt_distance": Metric("‖ŷ_rebuilt − ŷ‖ over the mean size of targets, where neither diverged"),
    "rebuilt_bounded_loss": Metric("bounded loss of the rebuilt stack"),
    "rebuilt_relative_excess_loss": Metric(
        "its excess over the bounded loss of the stack, on the same prompts"
    ),
    "rebuilt_diverged_fraction": Metric("share of prompts on which the rebuilt stack diverged"),
    "layer_rate": Metric("η of a layer, from its weights", ("layer",)),
    "layer_shrinkage": Metric("γ of a layer, from its weights", ("layer",)),
    "key_query_left_out": Metric("share of KᵀQ's squared entries that the numbers leave out", ("layer",)),
    "projection_value_left_out": Metric("share of P·V's squared entries that they leave out", ("layer",)),
    "layer_key_query": Metric("entry of a layer's KᵀQ, which has mean one on its diagonal of inputs", ENTRY),
    "layer_projection_value": Metric("entry of a layer's P·V in the same gauge", ENTRY),
}
COLUMNS: Mapping[str, Column] = {}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    prompts: PositiveInt = 16384,
    shift_prompts: PositiveInt = 2048,
) -> Iterator[Record]:
    """Numbers and weights of every layer; distance and losses of the rebuilt stack on the law and its shifts.

    Entries of the weights are those of the first seed.
    """
    task = study.task()
    if not isinstance(task, LinearRegression):
        raise TypeError(f"stacks are rebuilt for linear regression, not for {type(task).__name__}")
    for name in learners:
        population = study.learners[name]
        if not isinstance(population.learner, Transformer):
            raise TypeError(f"attention stacks are rebuilt, not {type(population.learner).__name__}")
        yield from _weights(study, name, population, task)
        other = population.map(rebuilt, task.dimension, task.context_length)
        for condition in study.conditions:
            count = prompts if condition == study.law else shift_prompts
            stored, targets = study.prompts(condition, count)
            found = _compared(predict(population.learner, stored), predict(other, stored), targets)
            yield from study.rows(name, population, found, condition)


@jax.jit
def _compared(
    trained: Float[Array, "seeds p m"], other: Float[Array, "seeds p m"], targets: Float[Array, "p m"]
) -> dict[str, Float[Array, " seeds"]]:
    """Distance and losses of the rebuilt predictions, `other`."""
    bound = divergence_bound(targets)
    kept = ~(diverged(trained, bound) | diverged(other, bound))
    typical = jnp.mean(jnp.linalg.norm(targets, axis=-1))
    ours, theirs = (losses(bounded(found, bound), targets).mean(axis=1) for found in (trained, other))
    return {
        "rebuilt_distance": mean_where(jnp.linalg.norm(trained - other, axis=-1), kept) / typical,
        "rebuilt_bounded_loss": theirs,
        "rebuilt_relative_excess_loss": theirs / ours - 1,
        "rebuilt_diverged_fraction": diverged(other, bound).mean(axis=1),
    }


def _weights(study: Study, name: str, population: Population, task: LinearRegression) -> Iterator[Record]:
    """Numbers of every layer, and the first seed's entries."""
    first = Population(
        jax.tree.map(lambda a: a[:1], population.learner), population.seeds[:1], population.step
    )
    for place in range(len(population.learner.layers)):  # type: ignore[attr-defined]
        numbers = population.map(_numbers, place, task)
        yield from study.rows(name, population, numbers, layer=place + 1)
        entries = first.map(lambda model, i: products_in_gauge(model.layers[i], task.dimension), place)
        for row, column in np.ndindex(entries[0].shape[1:]):
            values = (matrix[:, row, column] for matrix in entries)
            both = dict(zip(("layer_key_query", "layer_projection_value"), values, strict=True))
            yield from study.rows(name, first, both, layer=place + 1, row=row, column=column)


def _numbers(model: Transformer, place: int, task: LinearRegression) -> dict[str, Float[Array, ""]]:
    """η and γ of a layer, and the share of its weights that they leave out."""
    layer: Attention = model.layers[place]
    rate, shrinkage = step_numbers(layer, task.dimension)
    bilinear, write = products_in_gauge(layer, task.dimension)
    kept = task.dimension * shrinkage**2 + task.outputs * rate**2
    return {
        "layer_rate": task.context_length * rate,
        "layer_shrinkage": task.context_length * shrinkage,
        "key_query_left_out": 1 - task.dimension / jnp.sum(bilinear**2),
        "projection_value_left_out": 1 - kept / jnp.sum(write**2),
    }
