"""Functions of the query before and after the layer on one prompt (TLIG, figure 4 right)."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.ranges import LearnerName, PositiveInt
from icgd.tasks.sine_waves import REACH

METRICS = {
    "before_layer": Metric("the prediction before the layer", ("prompt", "query")),
    "after_layer": Metric("the prediction", ("prompt", "query")),
    "example_x": Metric("input of an example", ("prompt", "example")),
    "example_y": Metric("label of an example", ("prompt", "example")),
}
COLUMNS = {
    "prompt": Column("Int64", "stored prompt, counted from 0"),
    "example": Column("Int64", "example of the prompt, counted from 0"),
    "query": Column("Float64", "query that a function is evaluated at"),
}
OTHERS = ("examples",)


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(
    study: Study, *, learners: list[LearnerName], shown: PositiveInt = 1, points: PositiveInt = 61
) -> Iterator[Record]:
    """Functions of the first `shown` stored prompts at `points` queries."""
    stored, _ = study.prompts(count=shown)
    grid = jnp.linspace(-REACH, REACH, points)

    def at_all(model: Any, prompt: Any) -> Array:
        def at(x: Array) -> Array:
            return model.trajectory(dataclasses.replace(prompt, query=x[None]))[:, 0]

        return jax.vmap(at)(grid)

    for index in range(shown):
        prompt = in_double(jax.tree.map(lambda a, i=index: a[i], stored))
        for example, (x, y) in enumerate(zip(prompt.x[:, 0], prompt.y[:, 0], strict=True)):
            place: dict[str, Any] = {"prompt": index, "example": example}
            yield from study.rows("examples", None, {"example_x": x, "example_y": y}, **place)
        for name in learners:
            population = study.learners[name]
            values = np.asarray(population.map(at_all, prompt))
            for place_, x in enumerate(np.asarray(grid)):
                metrics = {"before_layer": values[:, place_, 0], "after_layer": values[:, place_, 1]}
                yield from study.rows(name, population, metrics, prompt=index, query=round(float(x), 3))
