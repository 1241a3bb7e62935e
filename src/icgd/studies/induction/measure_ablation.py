"""What an induction head needs: attention maps of trained models edited, and the loss that results.

Masked weights are set to zero and the rest of the row is rescaled to the sum that it had; masking the
token two back is the control. An ablated head writes nothing: its map is zero. On the first window there
is nothing to copy from, so the loss there tells whether an edit does more than take induction away.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int

from icgd.analysis.attention_scores import token_losses
from icgd.analysis.study import Study
from icgd.models.language_model import Edit, LanguageModel
from icgd.prompt import TokenPrompt
from icgd.ranges import PositiveInt
from icgd.studies.induction.measure_formation import window


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
    """The edits by name; the first changes nothing."""
    found: dict[str, Edit] = {"nothing": lambda _, weights: weights}
    found |= {"previous_token": masked(0, 1), "two_back": masked(0, 2)}
    return found | {f"head_{layer + 1}": removed(layer) for layer in range(layers)}


@eqx.filter_jit
def edited_losses(
    models: LanguageModel, prompts: TokenPrompt, targets: Int[Array, "p n"], edit: Edit
) -> Float[Array, "seeds n"]:
    """Each seed's mean loss at every position with its attention maps edited."""

    def each_seed(model: LanguageModel) -> Array:
        logits = jax.vmap(lambda prompt: model.trace(prompt, edit).logits[-1])(prompts)
        return jax.vmap(token_losses)(logits, targets).mean(axis=0)

    return eqx.filter_vmap(each_seed)(models)


def measure(
    study: Study,
    *,
    learners: list[str],
    condition: str,
    first: list[int],
    second: list[int],
    prompts: PositiveInt = 1024,
) -> pd.DataFrame:
    """Losses on both windows under each edit, their increases, and the ratio of the increases.

    Layer 1 must be softmax, as weights of both signs cannot be rescaled.
    """
    stored, targets = study.prompts(condition, prompts)
    tables = []
    for name in learners:
        population = study.learners[name]
        models = population.learner
        assert isinstance(models, LanguageModel)
        intact: dict[str, np.ndarray] = {}
        for edit, change in edits(len(models.layers)).items():
            losses = edited_losses(models, stored, targets, change)
            found = {"first": window(losses, first), "second": window(losses, second)}
            intact = intact or found
            rise = {part: found[part] - intact[part] for part in found}
            metrics = {f"{part}_loss": value for part, value in found.items()}
            metrics |= {f"{part}_increase": value for part, value in rise.items()}
            if edit != "nothing":
                metrics["first_over_second_increase"] = np.abs(rise["first"] / rise["second"])
            tables.append(study.rows(name, population, f"ablated={edit}", metrics))
    return pd.concat(tables)
