"""Distances between learners (von Oswald et al. 2023, section 3 and figure 2).

Sensitivities ∂ŷ/∂x_q have shape [m, d]; prediction and sensitivity differences are Euclidean norms,
averaged over prompts. All functions keep the seed axis first.

A prediction further from zero than ten times the RMS target counts as diverged. Distances are over
the prompts on which neither learner diverged, whose number is always reported beside them.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from icgd.analysis.columns import Metric
from icgd.learner import Learner
from icgd.models.fast_linear import predictions
from icgd.prompt import Prompt, TokenPrompt

DISTANCES = {
    "prediction_l2": Metric("‖ŷ − ŷ_ref‖, mean over prompts on which neither diverged", ("reference",)),
    "prediction_l2_standard_error": Metric("its standard error over prompts", ("reference",)),
    "sensitivity_cosine": Metric("cosine of ∂ŷ/∂x_q and the reference's, mean over prompts", ("reference",)),
    "sensitivity_l2": Metric("Euclidean distance of the two, mean over prompts", ("reference",)),
}
LOSSES = {
    "loss": Metric("½‖ŷ − y‖², mean over prompts"),
    "loss_relative_standard_error": Metric("its standard error over prompts, relative to it"),
    "bounded_loss": Metric("the loss with predictions bounded to ten times the RMS target"),
    "diverged_fraction": Metric("share of prompts whose prediction is beyond that bound"),
}
EXCESSES = {
    "relative_excess_loss": Metric("(L − L_ref)/L_ref on the same prompts", ("reference",)),
    "relative_excess_loss_standard_error": Metric("its standard error over prompts", ("reference",)),
    "bounded_relative_excess_loss": Metric("the same of bounded losses", ("reference",)),
}
AnyPrompt = TypeVar("AnyPrompt", Prompt, TokenPrompt)
_Found = TypeVar("_Found")
CHUNK = 1024
DIVERGED = 10.0


class Outputs(NamedTuple):
    """Predictions of each seed's learner on each prompt, sensitivities on the first k of them."""

    prediction: Float[Array, "seeds p m"]
    sensitivity: Float[Array, "seeds k m d"]


def in_double(prompts: AnyPrompt) -> AnyPrompt:
    """Stored float32 prompts in float64; tokens stay as they are."""
    return jax.tree.map(lambda a: a.astype(float) if eqx.is_inexact_array(a) else a, prompts)


def chunks(prompts: AnyPrompt, start: int, stop: int) -> Iterator[AnyPrompt]:
    """Prompts `start` to `stop`, `CHUNK` at a time: one compilation serves any number of them."""
    for first in range(start, stop, CHUNK):
        yield jax.tree.map(lambda a: a[first : min(first + CHUNK, stop)], prompts)  # noqa: B023


def _each_seed(function: Callable[[Learner], _Found], learners: Learner) -> _Found:
    """The function of each of a stack of learners; one without weights stands for one."""
    result: _Found = eqx.filter_vmap(function, axis_size=stack_size(learners))(learners)
    return result


@eqx.filter_jit
def _predict(learners: Learner, prompts: Prompt) -> Float[Array, "seeds p m"]:
    return _each_seed(lambda learner: predictions(learner, in_double(prompts)), learners)


@eqx.filter_jit
def _sense(learners: Learner, prompts: Prompt) -> tuple[Array, Array]:
    """Predictions [seeds p m] and sensitivities [seeds p m d]."""
    double = in_double(prompts)

    def sense(learner: Learner) -> tuple[Array, Array]:
        def summed(queries: Array) -> tuple[Array, Array]:
            found = predictions(learner, dataclasses.replace(double, query=queries))
            return found.sum(axis=0), found

        sensed, found = jax.jacrev(summed, has_aux=True)(double.query)
        return found, jnp.moveaxis(sensed, 0, 1)

    return _each_seed(sense, learners)


def predict(learners: Learner, prompts: Prompt, start: int = 0) -> Float[Array, "seeds p m"]:
    """Predictions of a stack of learners on a stack of prompts, from prompt `start` on."""
    found = [_predict(learners, chunk) for chunk in chunks(prompts, start, len(prompts.y))]
    return jnp.concatenate(found, axis=1)


def outputs(learners: Learner, prompts: Prompt, sensitivities: int) -> Outputs:
    """Predictions of a stack of learners on a stack of prompts; sensitivities on the first so many."""
    count = min(sensitivities, len(prompts.y))
    sensed = [_sense(learners, chunk) for chunk in chunks(prompts, 0, count)]
    predicted, slopes = (list(found) for found in zip(*sensed, strict=True))
    if count < len(prompts.y):
        predicted.append(predict(learners, prompts, count))
    return Outputs(jnp.concatenate(predicted, axis=1), jnp.concatenate(slopes, axis=1))


def outputs_of(learners: Mapping[str, Learner], prompts: Prompt, sensitivities: int) -> dict[str, Outputs]:
    """Outputs of several stacks of learners, those of one form evaluated as one stack.

    They share a compiled program, and what depends on the prompt alone is computed once for all of them.
    """
    forms: dict[Any, list[str]] = {}
    for name, learner in learners.items():
        arrays, rest = eqx.partition(learner, eqx.is_array)
        leaves, structure = jax.tree.flatten(arrays)
        shapes = tuple((leaf.shape[1:], leaf.dtype) for leaf in leaves)
        form = (structure, shapes, *jax.tree.leaves(rest)) if leaves else name
        forms.setdefault(form, []).append(name)
    found: dict[str, Outputs] = {}
    for names in forms.values():
        stack = (
            jax.tree.map(_joined, *(learners[name] for name in names)) if names[1:] else learners[names[0]]
        )
        whole, first = outputs(stack, prompts, sensitivities), 0
        for name in names:
            last = first + stack_size(learners[name])
            found[name] = jax.tree.map(lambda a: a[first:last], whole)  # noqa: B023
            first = last
    return found


def _joined(*leaves: Any) -> Any:
    return jnp.concatenate(leaves) if eqx.is_array(leaves[0]) else leaves[0]


def stack_size(learners: Any) -> int:
    """How many learners a stack holds; one without weights stands for one."""
    leaves = jax.tree.leaves(eqx.filter(learners, eqx.is_array))
    return len(leaves[0]) if leaves else 1


def divergence_bound(targets: Float[Array, "p m"]) -> Float[Array, ""]:
    """The size beyond which a prediction counts as diverged."""
    return DIVERGED * jnp.sqrt(jnp.mean(jnp.asarray(targets, float) ** 2))


def diverged(prediction: Float[Array, "*any p m"], bound: Float[Array, ""]) -> Bool[Array, "*any p"]:
    """Which predictions are beyond the bound, or no numbers at all."""
    return ~jnp.all(jnp.abs(prediction) <= bound, axis=-1)


def bounded(prediction: Float[Array, "*any"], bound: Float[Array, ""]) -> Float[Array, "*any"]:
    """Predictions moved to the bound where they diverged."""
    return jnp.clip(jnp.nan_to_num(prediction, nan=bound), -bound, bound)


def losses(prediction: Float[Array, "seeds p m"], targets: Float[Array, "p m"]) -> Float[Array, "seeds p"]:
    """½‖ŷ − y‖² of each prompt; infinite where the prediction is no number."""
    return jnp.nan_to_num(0.5 * jnp.sum((prediction - targets) ** 2, axis=-1), nan=jnp.inf, posinf=jnp.inf)


def mean_where(values: Float[Array, "s p"], kept: Bool[Array, "s p"]) -> Float[Array, " s"]:
    """The mean over prompts that are kept."""
    return jnp.sum(jnp.where(kept, values, 0), axis=1) / jnp.sum(kept, axis=1)


@jax.jit
def distances(ours: Outputs, theirs: Outputs, bound: Float[Array, ""]) -> dict[str, Float[Array, " seeds"]]:
    """Mean prediction and sensitivity differences with standard errors, and the mean cosine.

    The cosine with a learner whose sensitivity vanishes (the trivial one) is undefined: NaN.
    """
    kept = ~(diverged(ours.prediction, bound) | diverged(theirs.prediction, bound))
    difference = jnp.linalg.norm(ours.prediction - theirs.prediction, axis=-1)
    flat, other = (s.reshape(*s.shape[:2], -1) for s in (ours.sensitivity, theirs.sensitivity))
    few = kept[:, : flat.shape[1]]
    norms = jnp.linalg.norm(flat, axis=-1) * jnp.linalg.norm(other, axis=-1)
    mean = mean_where(difference, kept)
    variance = mean_where((difference - mean[:, None]) ** 2, kept)
    return {
        "prediction_l2": mean,
        "prediction_l2_standard_error": jnp.sqrt(variance / jnp.sum(kept, axis=1)),
        "sensitivity_cosine": mean_where(jnp.sum(flat * other, axis=-1) / norms, few),
        "sensitivity_l2": mean_where(jnp.linalg.norm(flat - other, axis=-1), few),
    }


def loss_metrics(
    values: Float[Array, "seeds p"], reference: Float[Array, "one p"]
) -> dict[str, Float[Array, " seeds"]]:
    """Mean loss, its relative standard error over prompts, and the excess over the reference.

    The excess is (L − L_ref)/L_ref on the same prompts: the reference acts as a control variate,
    so its standard error (also returned) is far below that of either loss.
    """
    count = values.shape[1]
    mean, base = jnp.mean(values, axis=1), jnp.mean(reference)
    ratio = mean / base
    spread = jnp.std(values - ratio[:, None] * reference, axis=1)
    return {
        "loss": mean,
        "loss_relative_standard_error": jnp.std(values, axis=1) / jnp.sqrt(count) / mean,
        "relative_excess_loss": ratio - 1,
        "relative_excess_loss_standard_error": spread / jnp.sqrt(count) / base,
    }


@jax.jit
def performance(
    prediction: Float[Array, "seeds p m"], reference: Float[Array, "one p m"], targets: Float[Array, "p m"]
) -> dict[str, Float[Array, " seeds"]]:
    """Losses as they are; with all predictions bounded (`bounded_…`); and how many diverged."""
    bound = divergence_bound(targets)

    raw = loss_metrics(losses(prediction, targets), losses(reference, targets))
    kept = loss_metrics(
        losses(bounded(prediction, bound), targets), losses(bounded(reference, bound), targets)
    )
    inside = {f"bounded_{name}": kept[name] for name in ("loss", "relative_excess_loss")}
    return raw | inside | {"diverged_fraction": diverged(prediction, bound).mean(axis=1)}
