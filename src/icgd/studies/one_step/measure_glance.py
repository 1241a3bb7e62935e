"""The idea at a glance: one prompt whose inputs lie on a line, so that what a layer makes of it can be drawn.

All inputs have one coordinate that is not zero. A learner that is linear in the query is then a line through
the origin, and the prompt's loss a parabola in the line's slope.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, NonNegativeFloat, PositiveFloat
from icgd.tasks.linear_regression import LinearRegression

METRICS = {
    "x": Metric("the coordinate of an example's input that is not zero", ("example",)),
    "y": Metric("label of an example", ("example",)),
    "prediction": Metric("the prediction at a query on the line", ("query",)),
    "contribution": Metric("y_j ∂ŷ/∂y_j at the prompt's own query", ("example", "query")),
}
COLUMNS = {
    "example": Column("Int64", "example of the prompt, counted from 0"),
    "query": Column("Float64", "query's coordinate"),
}
OTHERS = ("examples",)
GRID = (-0.5, 0.0, 0.5)
"""Queries that a line is drawn through; the prompt's own is added."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    slope: float = 1.0,
    noise: NonNegativeFloat = 0.1,
    query: PositiveFloat = 0.4,
) -> Iterator[Record]:
    """The examples, and of each learner its line and what every example adds to its prediction."""
    task = study.task()
    assert isinstance(task, LinearRegression)
    prompt = on_a_line(task, study.key("glance"), slope, noise, query)
    for j, (x, y) in enumerate(zip(prompt.x[:, 0], prompt.y[:, 0], strict=True)):
        yield from study.rows("examples", None, {"x": x, "y": y}, example=j)
    for name in learners:
        population = study.learners[name]
        for at in sorted({*GRID, query}):
            found = population.map(_predicted, _asked(prompt, at))
            yield from study.rows(name, population, {"prediction": found}, query=at)
        parts = population.map(contributions, prompt)
        for j in range(task.context_length):
            yield from study.rows(name, population, {"contribution": parts[:, j]}, example=j, query=query)


def on_a_line(
    task: LinearRegression, key: Key[Array, ""], slope: float, noise: float, query: float
) -> Prompt:
    """A prompt with evenly spaced inputs in the first coordinate, zero in the others, and noisy labels."""
    n, first = task.context_length, jnp.arange(task.dimension) == 0
    spaced = task.input_scale * ((jnp.arange(n) + 0.5) / n - 0.5)
    y = slope * spaced + noise * jax.random.normal(key, (n,))
    return Prompt(jnp.where(first, spaced[:, None], 0.0), y[:, None], jnp.where(first, query, 0.0))


def contributions(learner: Learner, prompt: Prompt) -> Float[Array, " n"]:
    """What each label adds to the prediction: the whole of it, if the learner is linear in the labels."""
    slopes = jax.grad(lambda y: learner(Prompt(prompt.x, y, prompt.query))[0])(prompt.y)
    return (slopes * prompt.y)[:, 0]


def _asked(prompt: Prompt, query: float) -> Prompt:
    return Prompt(prompt.x, prompt.y, jnp.zeros_like(prompt.query).at[0].set(query))


def _predicted(learner: Learner, prompt: Prompt) -> Float[Array, ""]:
    return learner(prompt)[0]
