"""Trained stacks beside what is left of them when each layer is two numbers, η and γ."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.algorithms.stepwise_descent import StepwiseDescent
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import Outputs, distances, divergence_bound, outputs_of, performance
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.constructions.rebuilt_stack import products_in_gauge, rebuilt, step_numbers
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from icgd.ranges import LearnerName, PositiveInt
from icgd.tasks.linear_regression import LinearRegression

ENTRY = ("layer", "row", "column")
METRICS = {
    "rebuilt_distance": Metric("‖ŷ_rebuilt − ŷ‖ over the mean size of targets, where neither diverged"),
    "rebuilt_cosine": Metric("cosine of ∂ŷ_rebuilt/∂x_q and ∂ŷ/∂x_q, mean over prompts"),
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
    sensitivity_prompts: PositiveInt = 1024,
) -> Iterator[Record]:
    """Numbers and weights of every layer; distance and losses of the rebuilt stack on the law and its shifts.

    Entries of the weights are those of the first seed.
    """
    task = study.task()
    if not isinstance(task, LinearRegression):
        raise TypeError(f"stacks are rebuilt for linear regression, not for {type(task).__name__}")
    trained: dict[str, Transformer] = {}
    for name in learners:
        model = study.learners[name].learner
        if not isinstance(model, Transformer):
            raise TypeError(f"attention stacks are rebuilt, not {type(model).__name__}")
        trained[name] = model
        yield from _weights(study, name, model, task)
    steps = {name: _rebuilt(trained[name], task.dimension) for name in learners}
    for condition in study.conditions:
        stored, targets = study.prompts(condition, prompts if condition == study.law else shift_prompts)
        ours, theirs = (outputs_of(found, stored, sensitivity_prompts) for found in (trained, steps))
        for name in learners:
            found = _compared(ours[name], theirs[name], targets)
            yield from study.rows(name, study.learners[name], found, condition)


@eqx.filter_jit
def _rebuilt(models: Transformer, dimension: int) -> StepwiseDescent:
    """The rebuilt stack of each seed."""
    found: StepwiseDescent = eqx.filter_vmap(rebuilt, in_axes=(eqx.if_array(0), None))(models, dimension)
    return found


def _compared(
    trained: Outputs, steps: Outputs, targets: Float[Array, "p m"]
) -> dict[str, Float[Array, " seeds"]]:
    """Distance and losses of the rebuilt stack, `steps`."""
    apart = distances(trained, steps, divergence_bound(targets))
    ours, theirs = (
        performance(found.prediction, found.prediction[:1], targets) for found in (trained, steps)
    )
    return {
        "rebuilt_distance": apart["prediction_l2"] / jnp.mean(jnp.linalg.norm(targets, axis=-1)),
        "rebuilt_cosine": apart["sensitivity_cosine"],
        "rebuilt_bounded_loss": theirs["bounded_loss"],
        "rebuilt_relative_excess_loss": theirs["bounded_loss"] / ours["bounded_loss"] - 1,
        "rebuilt_diverged_fraction": theirs["diverged_fraction"],
    }


def _weights(study: Study, name: str, models: Transformer, task: LinearRegression) -> Iterator[Record]:
    """Numbers of every layer, and the first seed's entries."""
    population = study.learners[name]
    first = Population(models, population.seeds[:1], population.step)
    for layer, (numbers, *products) in enumerate(_layers(models, task), 1):
        yield from study.rows(name, population, numbers, layer=layer)
        entries = dict(
            zip(("layer_key_query", "layer_projection_value"), map(np.asarray, products), strict=True)
        )
        for row, column in np.ndindex(products[0].shape[1:]):
            values = {metric: matrix[0, row, column] for metric, matrix in entries.items()}
            yield from study.rows(name, first, values, layer=layer, row=row, column=column)


@eqx.filter_jit
def _layers(models: Transformer, task: LinearRegression) -> list[tuple[dict[str, Array], Array, Array]]:
    """Of each layer of all seeds its numbers, with the share of weights that they leave out, KᵀQ and P·V."""

    def read(layer: Attention) -> tuple[dict[str, Array], Array, Array]:
        rate, shrinkage = step_numbers(layer, task.dimension)
        bilinear, write = products_in_gauge(layer, task.dimension)
        kept = task.dimension * shrinkage**2 + task.outputs * rate**2
        numbers = {
            "layer_rate": task.context_length * rate,
            "layer_shrinkage": task.context_length * shrinkage,
            "key_query_left_out": 1 - task.dimension / jnp.sum(bilinear**2),
            "projection_value_left_out": 1 - kept / jnp.sum(write**2),
        }
        return numbers, bilinear, write

    return [eqx.filter_vmap(read)(layer) for layer in models.layers]
