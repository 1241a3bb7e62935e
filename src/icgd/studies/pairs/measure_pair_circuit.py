"""What a trained pair of layers does: the first one's attention, and the loss when it is changed.

Changed maps keep rows that sum to one, so that the second layer reads tokens of the size that it was
trained on: what a row loses by a mask, its other entries gain in proportion.
"""

from collections.abc import Callable
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Bool, Float

from icgd.analysis.distances import chunks, in_double, predict
from icgd.analysis.study import Study
from icgd.models.pair_stack import PairTransformer
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt

Map: TypeAlias = Float[Array, "t t"]
Change: TypeAlias = Callable[[Map, Map], Map]
"""A prompt's map and the mean over prompts to what takes the former's place."""


def _without(seen: Map, masked: Bool[Array, "t t"]) -> Map:
    """Rows without some of their entries, scaled back to the sum that they had."""
    left = jnp.where(masked, 0.0, seen)
    return left / left.sum(axis=1, keepdims=True)


def changes(n: int) -> dict[str, Change]:
    """The changes by name, for prompts of n pairs: input 2j belongs to label 2j + 1."""
    read = jnp.arange(2 * n + 1)
    reading = read[:, None]
    is_input = (reading % 2 == 0) & (reading < 2 * n)
    to_label, to_input = is_input & (read == reading + 1), (reading % 2 == 1) & (read == reading - 1)

    def exact(_: Map, mean: Map) -> Map:
        share = jnp.sum(mean * to_label) / n
        return jnp.where(is_input, jnp.where(to_label, share, (1 - share) * (read == reading)), mean)

    return {
        "none": lambda seen, _: seen,
        "no_pairs": lambda seen, _: _without(seen, to_label | to_input),
        "no_label_to_input": lambda seen, _: _without(seen, to_label),
        "no_input_to_label": lambda seen, _: _without(seen, to_input),
        "mean": lambda _, mean: mean,
        "mean_of_inputs": lambda seen, mean: jnp.where(is_input, mean, seen),
        "mean_of_others": lambda seen, mean: jnp.where(is_input, seen, mean),
        "exact_pairs": exact,
        "sharpened": lambda seen, _: seen**2 / jnp.sum(seen**2, axis=1, keepdims=True),
    }


def measure(study: Study, *, learners: list[str], prompts: PositiveInt = 8192) -> pd.DataFrame:
    """Mean attention, condition entry=head,row,column; losses, condition map=<change>.

    Excess losses are relative to the first reference's; the `…_rescaled` one is that of the prediction
    times the factor that least squares gives.
    """
    stored, targets = study.prompts(study.spec["variant"], prompts)
    tables = []
    for name in learners:
        population = study.learners[name]
        assert isinstance(population.learner, PairTransformer)
        step = predict(study.learners[study.references[name][0]].learner, stored)[0]
        mean = _mean_map(population.learner, stored)
        for row in range(mean.shape[1]):
            for column in range(mean.shape[2]):
                entry = {"attention": mean[:, row, column]}
                tables.append(study.rows(name, population, f"entry=0,{row},{column}", entry))
        for change, function in changes(stored.x.shape[1]).items():
            found = _changed(population.learner, mean, stored, function)
            metrics = _scores(found, step, targets)
            tables.append(study.rows(name, population, f"map={change}", metrics))
        inputs = jnp.arange(0, 2 * stored.x.shape[1], 2)
        copied = {
            "label_to_input": mean[:, inputs, inputs + 1].mean(axis=1),
            "input_to_label": mean[:, inputs + 1, inputs].mean(axis=1),
        }
        tables.append(study.rows(name, population, "map=none", copied))
    return pd.concat(tables)


def _mean_map(models: PairTransformer, prompts: Prompt) -> Float[Array, "seeds t t"]:
    @eqx.filter_jit
    def summed(models: PairTransformer, chunk: Prompt) -> Array:
        def each_seed(model: PairTransformer) -> Array:
            return jax.vmap(model.maps)(in_double(chunk))[:, 0].sum(axis=0)

        return eqx.filter_vmap(each_seed)(models)

    count = len(prompts.y)
    return jnp.stack([summed(models, chunk) for chunk in chunks(prompts, 0, count)]).sum(axis=0) / count


def _changed(
    models: PairTransformer, means: Float[Array, "seeds t t"], prompts: Prompt, change: Change
) -> Float[Array, "seeds p m"]:
    """Predictions with changed maps."""

    @eqx.filter_jit
    def predicted(models: PairTransformer, means: Array, chunk: Prompt) -> Array:
        def one(model: PairTransformer, mean: Map, prompt: Prompt) -> Array:
            maps = change(model.maps(prompt)[0], mean)[None]
            return model.after(prompt, model.tokens(prompt), maps)[-1]

        def each_seed(model: PairTransformer, mean: Map) -> Array:
            return jax.vmap(lambda prompt: one(model, mean, prompt))(in_double(chunk))

        return eqx.filter_vmap(each_seed)(models, means)

    return jnp.concatenate([predicted(models, means, c) for c in chunks(prompts, 0, len(prompts.y))], axis=1)


@jax.jit
def _scores(
    found: Float[Array, "seeds p m"], step: Float[Array, "p m"], targets: Float[Array, "p m"]
) -> dict[str, Float[Array, " seeds"]]:
    """Losses, and the correlation with the step's predictions."""

    def loss(prediction: Array) -> Array:
        return 0.5 * jnp.mean(jnp.sum((prediction - targets) ** 2, axis=-1), axis=-1)

    def inner(one: Array, other: Array) -> Array:
        return jnp.sum(one * other, axis=(-2, -1), keepdims=True)

    base, size = loss(step), inner(found, found)
    rescaled = found * inner(found, targets) / size
    return {
        "loss": loss(found),
        "relative_excess_loss": loss(found) / base - 1,
        "relative_excess_loss_rescaled": loss(rescaled) / base - 1,
        "prediction_correlation": (inner(found, step) / jnp.sqrt(size * inner(step, step)))[:, 0, 0],
    }
