"""Losses by position and scores of heads of language models, a model for each seed."""

from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int

from icgd.analysis import attention_scores as scores
from icgd.analysis.study import Population
from icgd.models.language_model import Edit, LanguageModel
from icgd.prompt import TokenPrompt


def unchanged(layer: int, weights: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The edit that leaves every attention map as it is."""
    return weights


def language_models(name: str, population: Population) -> LanguageModel:
    """The models of a learner; `TypeError` if it is none with attention maps to look at."""
    models = population.learner
    if not isinstance(models, LanguageModel):
        raise TypeError(f"{name} is a {type(models).__name__}; only language models have heads to be scored")
    return models


@eqx.filter_jit
def position_losses(
    models: LanguageModel, prompts: TokenPrompt, targets: Int[Array, "p n"], edit: Edit = unchanged
) -> Float[Array, "seeds n"]:
    """Each seed's mean loss at every position, in nats, with its attention maps edited."""

    def each_seed(model: LanguageModel) -> Array:
        logits = jax.vmap(lambda prompt: model.trace(prompt, edit).logits[-1])(prompts)
        return jax.vmap(scores.token_losses)(logits, targets).mean(axis=0)

    return eqx.filter_vmap(each_seed)(models)


@eqx.filter_jit
def head_scores(models: LanguageModel, prompts: TokenPrompt) -> dict[str, Float[Array, "seeds layers"]]:
    """Scores of the head of every layer (`icgd.analysis.attention_scores`), averaged over prompts."""

    def one_head(weights: Array, contribution: Array, tokens: Array) -> dict[str, Array]:
        return {
            "previous_token": scores.previous_token(weights),
            "previous_token_largest": scores.previous_token_largest(weights),
            "prefix_matching": scores.prefix_matching(weights, tokens),
            "copying": scores.copying(weights, contribution, tokens),
        }

    def one(model: LanguageModel, prompt: TokenPrompt) -> dict[str, Array]:
        trace = model.trace(prompt)
        return jax.vmap(one_head, in_axes=(0, 0, None))(trace.maps, trace.contributions, prompt.tokens)

    def each_seed(model: LanguageModel) -> dict[str, Array]:
        every = jax.vmap(lambda prompt: one(model, prompt))(prompts)
        return jax.tree.map(lambda a: a.mean(axis=0), every)

    return eqx.filter_vmap(each_seed)(models)


def window(losses: Float[Array, "seeds n"], bounds: Sequence[int]) -> Float[np.ndarray, " seeds"]:
    """The mean over positions [from, to); `ValueError` if the sequence has no such positions."""
    start, stop = bounds
    if not 0 <= start < stop <= losses.shape[1]:
        raise ValueError(
            f"the window {list(bounds)} is not within the {losses.shape[1]} positions of a sequence; "
            "expected [from, to] with 0 ≤ from < to ≤ the number of positions"
        )
    return np.asarray(losses[:, start:stop].mean(axis=1))
