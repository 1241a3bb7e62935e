"""Models on learned features: the function before and after the step, and steps on the model's own features.

The sharpest form of the claim is that a transformer's attention is a gradient step on the features that
its own MLP computes, from its own W₀: so that step, with the best rate, is compared with the model, and so
is ridge regression there. Closed forms of what one layer and one step can reach come from `icgd.theory.sine`.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import (
    DISTANCES,
    Outputs,
    distances,
    divergence_bound,
    in_double,
    losses,
    outputs,
    predict,
)
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.models.feature_models import OnFeatures
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.sine.own_features import before, own_algorithms
from icgd.tasks.sine_waves import REACH, SineWaves
from icgd.theory import sine as waves

METRICS = DISTANCES | {
    "error": Metric("mean (ŷ − ŷ_ref)² over mean ŷ_ref²", ("reference",)),
    "relative_excess_over_bound": Metric("(L − L_ref)/L_ref for a reference in closed form", ("reference",)),
    "exact_loss": Metric("population loss in closed form"),
    "before": Metric("W₀ φ(x): the prediction before the examples are seen", ("prompt", "query")),
    "after": Metric("the prediction", ("prompt", "query")),
    "x": Metric("input of an example", ("prompt", "example")),
    "y": Metric("label of an example", ("prompt", "example")),
}
COLUMNS = {
    "prompt": Column("Int64", "stored prompt, counted from 0"),
    "example": Column("Int64", "example of the prompt, counted from 0"),
    "query": Column("Float64", "query that a function is evaluated at"),
}
OTHERS = ("best_layer", "best_step", "mean_wave", "examples", "own_step", "own_ridge")


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(dict.fromkeys([*options["learners"], *options["transformers"], *options["bests"]]))


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    transformers: list[LearnerName],
    bests: list[LearnerName],
    prompts: PositiveInt = 4096,
    shown: PositiveInt = 2,
    points: PositiveInt = 101,
) -> Iterator[Record]:
    """Functions of `learners` on the first `shown` prompts, and what `transformers` do on their own features.

    A transformer is compared with the references own_step and own_ridge, algorithms on its own features; its
    loss also with that of each of the `bests`. Functions are given at `points` queries.
    """
    stored, targets = study.prompts(count=prompts)
    task = study.task()
    assert isinstance(task, SineWaves)
    yield from _exact_losses(study, task)
    yield from _examples(study, stored, shown)
    for name in learners:
        yield from _functions(study, name, stored, shown, points)
    reached = {best: _mean_loss(predict(study.learners[best].learner, stored), targets) for best in bests}
    for name in transformers:
        population = study.learners[name]
        ours = outputs(population.learner, stored, prompts)
        for reference, own in own_algorithms(population, *study.fitting_prompts()).items():
            apart = _compared(ours, outputs(own, stored, prompts), divergence_bound(targets))
            yield from study.rows(name, population, apart, reference=reference)
        for best, least in reached.items():
            excess = _mean_loss(ours.prediction, targets) / least - 1
            yield from study.rows(name, population, {"relative_excess_over_bound": excess}, reference=best)


def _mean_loss(prediction: Array, targets: Array) -> Float[Array, " seeds"]:
    return jnp.mean(losses(prediction, targets), axis=1)


def _compared(ours: Outputs, theirs: Outputs, bound: Array) -> dict[str, Float[Array, " seeds"]]:
    """Distances of each seed's pair; the error is MSE / mean(ŷ²) of the algorithm's predictions."""
    apart = jnp.mean((ours.prediction - theirs.prediction) ** 2, axis=(1, 2))
    error = {"error": apart / jnp.mean(theirs.prediction**2, axis=(1, 2))}
    return distances(ours, theirs, bound) | error


def _functions(study: Study, name: str, stored: Prompt, shown: int, points: int) -> Iterator[Record]:
    """A learner's function of the query, before and after the examples of each shown prompt."""
    population = study.learners[name]
    grid = jnp.linspace(-REACH, REACH, points)

    def one(model: OnFeatures, prompt: Prompt) -> tuple[Array, Array]:
        def at(x: Array) -> tuple[Array, Array]:
            asked = dataclasses.replace(prompt, query=x[None])
            return before(model, asked)[0], model(asked)[0]

        return jax.vmap(at)(grid)

    for index in range(shown):
        prompt = in_double(jax.tree.map(lambda a, i=index: a[i], stored))
        first, last = population.map(one, prompt)
        for place, x in enumerate(np.asarray(grid)):
            values = {"before": first[:, place], "after": last[:, place]}
            yield from study.rows(name, population, values, prompt=index, query=round(float(x), 3))


def _examples(study: Study, stored: Prompt, shown: int) -> Iterator[Record]:
    for index in range(shown):
        for j, (x, y) in enumerate(zip(stored.x[index, :, 0], stored.y[index, :, 0], strict=True)):
            yield from study.rows("examples", None, {"x": x, "y": y}, prompt=index, example=j)


def _exact_losses(study: Study, task: SineWaves) -> Iterator[Record]:
    """The least losses of a layer and of a step on any features, and that of the mean wave."""
    law = waves.law(task)
    found = waves.operators(law, law.mean)
    kernels = {
        "best_layer": waves.layer_kernel(found),
        "best_step": waves.step_kernel(found),
        "mean_wave": np.zeros_like(found.residual),
    }
    for name, kernel in kernels.items():
        yield from study.rows(name, None, {"exact_loss": found.loss(kernel)})
