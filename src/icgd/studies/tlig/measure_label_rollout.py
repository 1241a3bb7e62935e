"""One layer applied again and again with damping, its label slots alone being updated (TLIG, figure 10)."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import LOSSES, bounded, divergence_bound, loss_metrics, losses
from icgd.analysis.experiment import Experiment
from icgd.analysis.measure_rollout import trajectories
from icgd.analysis.study import Population, Study
from icgd.models.attention_stack import Transformer
from icgd.ranges import LearnerName, PositiveFloat, PositiveInt

PLACE = ("damping", "times")
METRICS = {
    "loss": Metric(LOSSES["loss"].meaning, PLACE),
    "bounded_loss": Metric(LOSSES["bounded_loss"].meaning, PLACE),
    "bounded_relative_excess_loss": Metric("(L − L_ref)/L_ref of bounded losses", ("reference", *PLACE)),
}
COLUMNS = {
    "damping": Column("Float64", "λ, the factor of every update", option="dampings"),
    "times": Column("Int64", "how often a layer or step was applied"),
}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The layer and the algorithm."""
    return [options["learner"], options["algorithm"]]


def measure(
    study: Study,
    *,
    learner: LearnerName,
    algorithm: LearnerName,
    dampings: list[PositiveFloat],
    steps: PositiveInt = 50,
    prompts: PositiveInt = 8192,
) -> Iterator[Record]:
    """Losses after every application; the algorithm's labels are all that descent changes anyway."""
    stored, targets = study.prompts(count=prompts)
    bound = divergence_bound(targets)
    ours, theirs = study.learners[learner], study.learners[algorithm]
    frozen = Population(ours.map(labels_only), ours.seeds, ours.step)
    for damping in dampings:
        found = trajectories(frozen, steps, damping, stored)
        base = trajectories(theirs, steps, damping, stored)
        for step in range(steps):
            where: dict[str, Any] = {"damping": damping, "times": step + 1}
            sides = [bounded(side[:, :, step], bound) for side in (found, base)]
            excess = loss_metrics(*(losses(side, targets) for side in sides))["relative_excess_loss"]
            for name, population, raw, side in (
                (learner, ours, found, sides[0]),
                (algorithm, theirs, base, sides[1]),
            ):
                metrics = {
                    "loss": jnp.mean(losses(raw[:, :, step], targets), axis=1),
                    "bounded_loss": jnp.mean(losses(side, targets), axis=1),
                }
                yield from study.rows(name, population, metrics, **where)
            apart = {"bounded_relative_excess_loss": excess}
            yield from study.rows(learner, ours, apart, **where, reference=algorithm)


def labels_only(model: Transformer) -> Transformer:
    """The same stack, whose layers write into label slots alone; of prompts with one label."""
    if not isinstance(model, Transformer):
        raise TypeError(f"{type(model).__name__} is no attention stack, whose inputs could be kept")

    def kept(projection: jax.Array) -> jax.Array:
        return projection.at[..., :-1, :].set(0.0)

    where = [layer.projection for layer in model.layers]
    return eqx.tree_at(lambda m: [layer.projection for layer in m.layers], model, list(map(kept, where)))
