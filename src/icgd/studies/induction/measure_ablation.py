"""What an induction head needs: attention maps of trained models edited, and the loss that results.

Masked weights are set to zero and the rest of the row is rescaled to the sum that it had; masking the
token two back is the control. An ablated head writes nothing: its map is zero. On the first window there
is nothing to copy from, so the loss there tells whether an edit does more than take induction away.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.models.language_model import Edit
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.induction.model_scores import language_models, position_losses, unchanged, window

ABLATED = ("ablated",)
METRICS = {
    "first_loss": Metric("mean cross-entropy on the first window, in nats", ABLATED),
    "second_loss": Metric("mean cross-entropy on the second window, in nats", ABLATED),
    "first_increase": Metric("by how much the ablation raises first_loss, in nats", ABLATED),
    "second_increase": Metric("by how much the ablation raises second_loss, in nats", ABLATED),
    "first_over_second_increase": Metric("size of first_increase over second_increase", ABLATED),
}
COLUMNS = {
    "ablated": Column(
        "string",
        "what a model lacks: nothing, attention of layer 1 to the previous_token or the token two_back, "
        "or the head of a layer (head_1, head_2, …)",
    )
}
OTHERS = ()


def masked(layer: int, distance: int) -> Edit:
    """No attention of a layer to the token this far back; the first positions, which lack it, stay."""

    def edit(depth: int, weights: Float[Array, "n n"]) -> Float[Array, "n n"]:
        if depth != layer:
            return weights
        kept = jnp.where(jnp.eye(len(weights), k=-distance, dtype=bool), 0, weights)
        return kept * weights.sum(axis=1, keepdims=True) / kept.sum(axis=1, keepdims=True)

    return edit


def removed(layer: int) -> Edit:
    """A layer that writes nothing."""
    return lambda depth, weights: jnp.zeros_like(weights) if depth == layer else weights


def edits(layers: int) -> dict[str, Edit]:
    """The edits by what they take away; the first takes nothing."""
    found = {"nothing": unchanged, "previous_token": masked(0, 1), "two_back": masked(0, 2)}
    return found | {f"head_{layer + 1}": removed(layer) for layer in range(layers)}


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    first: list[int],
    second: list[int],
    option: str | None = None,
    setting: int | float | str | None = None,
    prompts: PositiveInt = 1024,
) -> Iterator[Record]:
    """Losses on both windows under each edit, their increases, and the ratio of the increases.

    They are of prompts where the task's `option` has this `setting`; both omitted: of the training law.
    Layer 1 must be softmax, as weights of both signs cannot be rescaled.
    """
    law = study.condition(option, setting)
    stored, targets = study.prompts(law, prompts)
    for name in learners:
        population = study.learners[name]
        models = language_models(name, population)
        intact: dict[str, np.ndarray] = {}
        for ablated, edit in edits(len(models.layers)).items():
            losses = position_losses(models, stored, targets, edit)
            found = {"first": window(losses, first), "second": window(losses, second)}
            intact = intact or found
            yield from study.rows(name, population, _metrics(found, intact), law, ablated=ablated)


def _metrics(found: Mapping[str, np.ndarray], intact: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Losses by window, and, unless they are those of the intact model, by how much they rose."""
    rise = {part: found[part] - intact[part] for part in found}
    metrics = {f"{part}_loss": value for part, value in found.items()}
    metrics |= {f"{part}_increase": value for part, value in rise.items()}
    if found is not intact:
        metrics["first_over_second_increase"] = np.abs(rise["first"] / rise["second"])
    return metrics
