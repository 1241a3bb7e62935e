"""How far copying is from exact: constructed induction heads against one gradient step."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from icgd.algorithms.descent import GradientDescent
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study, alone
from icgd.constructions.linear_copying import copying_product, linear_induction_layers
from icgd.models.pair_stack import induction_layers, position_codes
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate

METRICS = {
    "relative_distance": Metric("mean ‖ŷ − ŷ_step‖ over mean ‖y‖, from one gradient step", ("sharpness",)),
    "largest_difference": Metric("largest ‖ŷ − ŷ_step‖", ("sharpness",)),
    "linear_largest_difference": Metric("the same of linear copying with a code per position of its own"),
    "linear_largest_entry": Metric(
        "largest entry of the least KᵀQ with which linear attention copies by sinusoidal codes", ("codes",)
    ),
}
COLUMNS = {
    "sharpness": Column("Float64", "sharpness β of the copying softmax", option="sharpness"),
    "codes": Column("Int64", "size of sinusoidal position codes", option="linear_codes"),
}
OTHERS = ("induction_head", "linear_induction_head")


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Nothing: layers of every sharpness are constructed here."""
    return []


def measure(
    study: Study,
    *,
    sharpness: list[PositiveFloat],
    linear_codes: list[PositiveInt],
    codes: PositiveInt = 10,
    prompts: PositiveInt = 1024,
) -> Iterator[Record]:
    """Distances from the optimal step at each sharpness β, with position codes of size `codes`.

    Then that of linear copying with orthonormal codes, and what it takes with `linear_codes` sinusoids.
    """
    task = study.task()
    assert isinstance(task, LinearRegression)
    stored, targets = study.prompts(count=prompts)
    rate = optimal_learning_rate(task)
    step = jax.vmap(GradientDescent(jnp.array([rate])))(in_double(stored))
    per_example = rate / task.context_length
    for beta in sharpness:
        model = induction_layers(task.dimension, task.outputs, codes, jnp.asarray(beta), per_example)
        apart = jnp.linalg.norm(jax.vmap(model)(in_double(stored)) - step, axis=-1)
        metrics = {
            "relative_distance": jnp.mean(apart) / jnp.mean(jnp.linalg.norm(targets, axis=-1)),
            "largest_difference": jnp.max(apart),
        }
        yield from study.rows("induction_head", alone(model), metrics, sharpness=beta)
    length = 2 * task.context_length + 1
    linear = linear_induction_layers(task.dimension, task.outputs, np.eye(length), per_example)
    apart = jnp.linalg.norm(jax.vmap(linear)(in_double(stored)) - step, axis=-1)
    exact = {"linear_largest_difference": jnp.max(apart)}
    yield from study.rows("linear_induction_head", alone(linear), exact)
    for size in linear_codes:
        entry = {"linear_largest_entry": np.abs(copying_product(position_codes(length, size))).max()}
        yield from study.rows("linear_induction_head", alone(linear), entry, codes=size)
