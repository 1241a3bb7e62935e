"""Models on learned features: the function before and after the step, and steps on the model's own features.

The sharpest form of the claim is that a transformer's attention is a gradient step on the features that
its own MLP computes, from its own W₀: so that step, with the best rate, is compared with the model, and so
is ridge regression there. Closed forms of what one layer and one step can reach come from `icgd.waves`.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from icgd.algorithms.descent import GradientDescent
from icgd.algorithms.least_squares import Ridge
from icgd.analysis.distances import Outputs, distances, divergence_bound, in_double, losses, outputs, predict
from icgd.analysis.study import Study
from icgd.models.attention_stack import Transformer
from icgd.models.feature_models import OnFeatures
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt
from icgd.stages.baselines import fitting_prompts
from icgd.tasks.sine_waves import REACH, SineWaves
from icgd.theory import sine as waves


def measure(
    study: Study,
    *,
    learners: list[str],
    transformers: list[str],
    bests: list[str],
    prompts: PositiveInt = 4096,
    shown: PositiveInt = 2,
    points: PositiveInt = 101,
) -> pd.DataFrame:
    """Functions of `learners`, own-feature steps and ridge of `transformers`, and closed-form losses.

    Functions have conditions prompt=<index>,x=<query> and metrics `before` and `after`; the shown prompts'
    examples have prompt=<index>,example=<j> and metrics `x`, `y`. Distances of a transformer to a step and to
    ridge on its own features are `own_step_…`, `own_ridge_…`; losses are also compared with the `bests`.
    """
    variant = study.spec["variant"]
    stored, targets = study.prompts(variant, prompts)
    task = study.task(variant)
    assert isinstance(task, SineWaves)
    tables = [_closed_forms(study, task), _examples(study, stored, shown)]
    for name in learners:
        tables.append(_functions(study, name, stored, shown, points))
    fitted_on = fitting_prompts(study.spec)
    bound = divergence_bound(targets)
    for name in transformers:
        population = study.learners[name]
        assert isinstance(population.learner, OnFeatures)
        ours = outputs(population.learner, stored, prompts)
        metrics: dict[str, Array] = {}
        for kind, own in _own(population.learner, *fitted_on).items():
            apart = _compared(ours, outputs(own, stored, prompts), bound)
            metrics |= {f"own_{kind}_{metric}": value for metric, value in apart.items()}
        for best in bests:
            reached = predict(study.learners[best].learner, stored)
            ratio = _mean_loss(ours.prediction, targets) / _mean_loss(reached, targets)
            metrics[f"relative_excess_over_{best}"] = ratio - 1
        tables.append(study.rows(name, population, variant, metrics))
    return pd.concat(tables)


def _mean_loss(prediction: Array, targets: Array) -> Float[Array, " seeds"]:
    return jnp.mean(losses(prediction, targets), axis=1)


def _compared(ours: Outputs, theirs: Outputs, bound: Array) -> dict[str, Float[Array, " seeds"]]:
    """Distances of each seed's pair; the error is MSE / mean(ŷ²) of the algorithm's predictions."""
    apart = jnp.mean((ours.prediction - theirs.prediction) ** 2, axis=(1, 2))
    error = {"error": apart / jnp.mean(theirs.prediction**2, axis=(1, 2))}
    return distances(ours, theirs, bound) | error


def _own(models: OnFeatures, prompts: Prompt, targets: Array) -> dict[str, OnFeatures]:
    """Each seed's features with a gradient step from its W₀ at the best rate, and with ridge regression."""

    def step(model: OnFeatures) -> OnFeatures:
        assert isinstance(model.head, Transformer)
        start = model.head.initial_weights
        head = GradientDescent(jnp.ones(1), prompts.x.shape[1], start)
        return dataclasses.replace(model, head=head).fitted(prompts, targets)

    seeds = [
        jax.tree.map(lambda a, i=i: a[i] if eqx.is_array(a) else a, models) for i in range(_count(models))
    ]
    ridges = [
        dataclasses.replace(seed, head=Ridge(jnp.ones(()), free=True)).fitted(prompts, targets)
        for seed in seeds
    ]
    stacked = jax.tree.map(lambda *a: jnp.stack(a) if eqx.is_array(a[0]) else a[0], *ridges)
    return {"step": eqx.filter_jit(eqx.filter_vmap(step))(models), "ridge": stacked}


def _count(models: OnFeatures) -> int:
    return int(jax.tree.leaves(eqx.filter(models, eqx.is_array))[0].shape[0])


def _functions(study: Study, name: str, stored: Prompt, shown: int, points: int) -> pd.DataFrame:
    population = study.learners[name]
    grid = jnp.linspace(-REACH, REACH, points)

    def one(model: OnFeatures, prompt: Prompt) -> tuple[Array, Array]:
        def at(x: Array) -> tuple[Array, Array]:
            asked = dataclasses.replace(prompt, query=x[None])
            return before(model, asked)[0], model(asked)[0]

        return jax.vmap(at)(grid)

    tables = []
    for index in range(shown):
        prompt = in_double(jax.tree.map(lambda a, i=index: a[i], stored))
        first, last = eqx.filter_vmap(lambda m, p=prompt: one(m, p))(population.learner)
        for place, x in enumerate(np.asarray(grid)):
            values = {"before": first[:, place], "after": last[:, place]}
            tables.append(study.rows(name, population, f"prompt={index},x={x:.3f}", values))
    return pd.concat(tables)


def before(model: OnFeatures, prompt: Prompt) -> Float[Array, " m"]:
    """The prediction of the output layer before it has seen the examples: W₀ φ(x_q)."""
    start = model.head.initial_weights if isinstance(model.head, Transformer) else None
    if isinstance(model.head, GradientDescent):
        start = model.head.start
    assert start is not None, "the head has no W₀"
    return start @ model.lift(prompt).query


def _examples(study: Study, stored: Prompt, shown: int) -> pd.DataFrame:
    tables = []
    for index in range(shown):
        for j, (x, y) in enumerate(zip(stored.x[index, :, 0], stored.y[index, :, 0], strict=True)):
            values = {"x": x[None], "y": y[None]}
            tables.append(study.rows("examples", None, f"prompt={index},example={j}", values))
    return pd.concat(tables)


def _closed_forms(study: Study, task: SineWaves) -> pd.DataFrame:
    """The least losses of a layer and of a step on any features, and that of the mean wave."""
    law = waves.law(task)
    found = waves.operators(law, law.mean)
    kernels = {
        "best_layer": waves.layer_kernel(found),
        "best_step": waves.step_kernel(found),
        "mean_wave": np.zeros_like(found.residual),
    }
    rows = {f"{name}_loss": jnp.array([found.loss(kernel)]) for name, kernel in kernels.items()}
    return study.rows("closed_form", None, study.spec["variant"], rows)
