"""What a trained pair of layers does: the first one's attention, and the loss when it is changed."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import chunks, in_double, predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.models.pair_stack import PairTransformer
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.pairs.changed_maps import Change, Map, changes

CHANGED = ("reference", "map")
METRICS = {
    "attention": Metric(
        "weight with which a token reads another, mean over prompts", ("head", "row", "column")
    ),
    "label_to_input": Metric("weight with which an input reads its label, mean over inputs and prompts"),
    "input_to_label": Metric("weight with which a label reads its input, mean over labels and prompts"),
    "loss": Metric("½‖ŷ − y‖², mean over prompts", ("map",)),
    "relative_excess_loss": Metric("(L − L_ref)/L_ref on the same prompts", CHANGED),
    "relative_excess_loss_rescaled": Metric(
        "the same of ŷ times the factor that least squares gives", CHANGED
    ),
    "relative_distance_rescaled": Metric(
        "mean ‖cŷ − ŷ_ref‖ over mean ‖y‖ for the c that brings ŷ nearest to the reference's", CHANGED
    ),
    "prediction_correlation": Metric("correlation of ŷ and the reference's", CHANGED),
}
COLUMNS = {"map": Column("string", "change of the first layer's attention, as `changed_maps` names it")}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named, and the algorithms that they are compared with."""
    names = options["learners"]
    return list(dict.fromkeys([*names, *(experiment.references[name].algorithm for name in names)]))


def measure(study: Study, *, learners: list[LearnerName], prompts: PositiveInt = 8192) -> Iterator[Record]:
    """Mean attention (row: reading token, column: token read), and losses with every changed map."""
    stored, targets = study.prompts(count=prompts)
    for name in learners:
        population, reference = study.learners[name], study.references[name].algorithm
        assert isinstance(population.learner, PairTransformer)
        step = predict(study.learners[reference].learner, stored)[0]
        mean = _mean_map(population.learner, stored)
        for row, column in np.ndindex(mean.shape[1:]):
            entry = {"attention": mean[:, row, column]}
            yield from study.rows(name, population, entry, head=1, row=row, column=column)
        inputs = jnp.arange(0, 2 * stored.x.shape[1], 2)
        copied = {
            "label_to_input": mean[:, inputs, inputs + 1].mean(axis=1),
            "input_to_label": mean[:, inputs + 1, inputs].mean(axis=1),
        }
        yield from study.rows(name, population, copied)
        for change, function in changes(stored.x.shape[1]).items():
            scores = _scores(_changed(population.learner, mean, stored, function), step, targets)
            yield from study.rows(name, population, {"loss": scores.pop("loss")}, map=change)
            yield from study.rows(name, population, scores, reference=reference, map=change)


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
    """Losses, and distance and correlation with the step's predictions."""

    def loss(prediction: Array) -> Array:
        return 0.5 * jnp.mean(jnp.sum((prediction - targets) ** 2, axis=-1), axis=-1)

    def inner(one: Array, other: Array) -> Array:
        return jnp.sum(one * other, axis=(-2, -1), keepdims=True)

    base, size = loss(step), inner(found, found)
    rescaled, nearest = (found * inner(found, wanted) / size for wanted in (targets, step))
    apart = jnp.linalg.norm(nearest - step, axis=-1)
    return {
        "loss": loss(found),
        "relative_excess_loss": loss(found) / base - 1,
        "relative_excess_loss_rescaled": loss(rescaled) / base - 1,
        "relative_distance_rescaled": apart.mean(axis=1) / jnp.mean(jnp.linalg.norm(targets, axis=-1)),
        "prediction_correlation": (inner(found, step) / jnp.sqrt(size * inner(step, step)))[:, 0, 0],
    }
