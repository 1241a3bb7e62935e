"""A trained layer applied again and again with damping, beside as many damped steps of descent."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Bool, Float

from icgd.analysis.distances import (
    CHUNK,
    bounded,
    diverged,
    divergence_bound,
    in_double,
    loss_metrics,
    losses,
    performance,
)
from icgd.analysis.study import Study
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.learner import Learner
from icgd.algorithms.descent import GradientDescent, GradientDescentPlusPlus
from icgd.models.attention_stack import Transformer
from icgd.prompt import Prompt


def unrolled(learner: Learner, steps: int, damping: float) -> Learner:
    """The same learner repeated for `steps` steps, each update multiplied by `damping`."""
    if isinstance(learner, Transformer):
        return dataclasses.replace(learner, repeats=steps, damping=damping)

    def repeat(rates: Float[Array, "seeds k"]) -> Float[Array, "seeds steps"]:
        return damping * jnp.repeat(rates[:, :1], steps, axis=1)

    if isinstance(learner, GradientDescent):
        return dataclasses.replace(learner, learning_rates=repeat(learner.learning_rates))
    assert isinstance(learner, GradientDescentPlusPlus)
    return dataclasses.replace(
        learner, learning_rates=repeat(learner.learning_rates), shrinkages=repeat(learner.shrinkages)
    )


@eqx.filter_jit
def trajectories(learners: Learner, prompts: Prompt) -> Float[Array, "seeds p steps m"]:
    """Predictions after each step."""

    def each_seed(learner: Learner) -> Array:
        return jax.lax.map(lambda p: learner.trajectory(in_double(p)), prompts, batch_size=CHUNK)

    return eqx.filter_vmap(each_seed)(learners)


def measure(
    study: Study,
    *,
    learners: list[str],
    steps: PositiveInt = 50,
    damping: PositiveFloat = 0.75,
    prompts: PositiveInt = 8192,
) -> pd.DataFrame:
    """Losses at every step of each of `learners`, one layer applied repeatedly, and of its reference.

    `loss` averages over all prompts, on some of which descent itself diverges; `stable_loss` and its
    excess over the reference are over those on which no prediction of the reference did, bounded;
    `diverged_fraction` counts predictions that did.
    """
    stored, targets = study.prompts(study.spec["variant"], prompts)
    bound = divergence_bound(targets)
    tables = []
    found: dict[str, Array] = {}
    for name in learners:
        reference = study.references[name][0]
        for needed in (reference, name):
            if needed not in found:
                rule = unrolled(study.learners[needed].learner, steps, damping)
                found[needed] = trajectories(rule, stored)
        stable = ~diverged(found[reference][0], bound).any(axis=-1)
        tables.append(_rows(study, name, found[name], found[reference], targets, stable))
        if reference not in study.history:
            tables.append(_rows(study, reference, found[reference], found[reference], targets, stable))
    table = pd.concat(tables)
    return table.drop_duplicates([c for c in table.columns if c != "value"])


def _rows(
    study: Study,
    name: str,
    ours: Float[Array, "seeds p steps m"],
    base: Float[Array, "one p steps m"],
    targets: Float[Array, "p m"],
    stable: Bool[Array, " p"],
) -> pd.DataFrame:
    tables, bound = [], divergence_bound(targets)
    for step in range(ours.shape[2]):
        metrics = performance(ours[:, :, step], base[:, :, step], targets)
        sides = (bounded(side[:, stable, step], bound) for side in (ours, base))
        values, reference = (losses(side, targets[stable]) for side in sides)
        metrics |= {f"stable_{metric}": v for metric, v in loss_metrics(values, reference).items()}
        tables.append(study.rows(name, study.learners[name], f"steps={step + 1}", metrics))
    unstable = {"unstable_fraction": jnp.broadcast_to(1 - stable.mean(), ours.shape[0])}
    tables.append(study.rows(name, study.learners[name], study.spec["variant"], unstable))
    return pd.concat(tables)
