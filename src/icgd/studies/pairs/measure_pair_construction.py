"""How far softmax copying is from exact: the constructed induction head against one gradient step."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from icgd.algorithms.descent import GradientDescent
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study, alone
from icgd.models.pair_stack import induction_layers
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate

METRICS = {
    "relative_distance": Metric("mean ‖ŷ − ŷ_step‖ over mean ‖y‖, from one gradient step", ("sharpness",)),
    "largest_difference": Metric("largest ‖ŷ − ŷ_step‖", ("sharpness",)),
}
COLUMNS = {"sharpness": Column("Float64", "sharpness β of the copying softmax", option="sharpness")}
OTHERS = ("induction_head",)


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Nothing: layers of every sharpness are constructed here."""
    return []


def measure(
    study: Study, *, sharpness: list[PositiveFloat], codes: PositiveInt = 10, prompts: PositiveInt = 1024
) -> Iterator[Record]:
    """Distances from the optimal step at each sharpness β; position codes are of size `codes`."""
    task = study.task()
    assert isinstance(task, LinearRegression)
    stored, targets = study.prompts(count=prompts)
    rate = optimal_learning_rate(task)
    step = jax.vmap(GradientDescent(jnp.array([rate])))(in_double(stored))
    for beta in sharpness:
        per_example = rate / task.context_length
        model = induction_layers(task.dimension, task.outputs, codes, jnp.asarray(beta), per_example)
        apart = jnp.linalg.norm(jax.vmap(model)(in_double(stored)) - step, axis=-1)
        metrics = {
            "relative_distance": jnp.mean(apart) / jnp.mean(jnp.linalg.norm(targets, axis=-1)),
            "largest_difference": jnp.max(apart),
        }
        yield from study.rows("induction_head", alone(model), metrics, sharpness=beta)
