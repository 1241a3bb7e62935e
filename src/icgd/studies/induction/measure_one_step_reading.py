"""Whether an induction head is one gradient step on pairs (previous token → token).

The step's logits are in proportion to the number of matches; its rivals average them, take the last one or
ignore the current token. What is compared is the last head's direct contribution to the logits, centred
over the vocabulary, at positions where the current token has been followed at least `least_matches` times.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Bool, Float, Int

from icgd.algorithms.counting import followers
from icgd.analysis.attention_scores import centred, token_losses
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.models.language_model import LanguageModel
from icgd.prompt import TokenPrompt
from icgd.ranges import PositiveInt

TIE = 1e-9


def measure(
    study: Study,
    *,
    prompts: PositiveInt = 512,
    least_matches: PositiveInt = 2,
    late: PositiveInt,
    most_matches: PositiveInt = 6,
) -> pd.DataFrame:
    """Agreement with every reference, growth with the number of matches, and losses of all learners.

    Growth is measured at positions from `late` on, where the current token has had one follower only.
    """
    variant = study.spec["variant"]
    stored, targets = study.prompts(variant, prompts)
    tables = []
    for name, population in study.learners.items():
        loss = {"loss": mean_losses(population.learner, stored, targets)}
        tables.append(study.rows(name, population, variant, loss))
    for name in study.references:
        population = study.learners[name]
        models = population.learner
        assert isinstance(models, LanguageModel)
        head = head_logits(models, stored)
        counts = jax.vmap(followers, in_axes=(0, None))(stored.tokens, head.shape[-1])
        kept = counts.sum(axis=-1) >= least_matches
        growth = matched_logits(head, counts, late, most_matches)
        metrics = _resemblances(study, name, stored, head, kept)
        metrics["growth_exponent"] = growth_exponent(growth)
        tables.append(study.rows(name, population, variant, metrics))
        for index, logit in enumerate(growth.T):
            row = {"follower_logit": logit, "relative_follower_logit": logit / growth[:, 0]}
            tables.append(study.rows(name, population, f"matches={index + 1}", row))
    return pd.concat(tables)


def _resemblances(
    study: Study, name: str, prompts: TokenPrompt, head: Array, kept: Array
) -> dict[str, Array]:
    """How often the head picks what each reference picks, and how much of it each explains.

    With rivals, also the ratio of what the first reference explains to what the best of the others does.
    """
    metrics: dict[str, Array] = {}
    for reference in study.references[name]:
        single = jax.tree.map(lambda a: a[0], study.learners[reference].learner)
        agreement, explained = resemblance(head, jax.vmap(single)(prompts), kept)
        metrics[f"agreement_with_{reference}"] = agreement
        metrics[f"explained_variance_by_{reference}"] = explained
    first, *others = (metrics[f"explained_variance_by_{reference}"] for reference in study.references[name])
    if others:
        metrics["explained_variance_over_best_rival"] = first / jnp.max(jnp.stack(others), axis=0)
    return metrics


@eqx.filter_jit
def mean_losses(
    learners: Learner, prompts: TokenPrompt, targets: Int[Array, "p n"]
) -> Float[Array, " seeds"]:
    """The mean cross-entropy of each seed's learner."""
    seeds = jax.tree.leaves(eqx.filter(learners, eqx.is_array))[0].shape[0]

    def each_seed(learner: Learner) -> Array:
        return jnp.mean(jax.vmap(token_losses)(jax.vmap(learner)(prompts), targets))

    return eqx.filter_vmap(each_seed, axis_size=seeds)(learners)


@eqx.filter_jit
def head_logits(models: LanguageModel, prompts: TokenPrompt) -> Float[Array, "seeds p n v"]:
    """What the last head adds to the logits, centred."""

    def each_seed(model: LanguageModel) -> Array:
        return centred(jax.vmap(lambda prompt: model.trace(prompt).contributions[-1])(prompts))

    return eqx.filter_vmap(each_seed)(models)


@jax.jit
def resemblance(
    head: Float[Array, "seeds p n v"], evidence: Float[Array, "p n v"], kept: Bool[Array, "p n"]
) -> tuple[Float[Array, " seeds"], Float[Array, " seeds"]]:
    """How often the head's largest logit is (one of) the evidence's, and R² of the head's logits.

    The head's logits are centred. R² is that of the evidence times one scale, over the kept positions.
    """
    best = evidence >= jnp.max(evidence, axis=-1, keepdims=True) - TIE
    chosen = jnp.argmax(head, axis=-1)[..., None]
    agrees = jnp.take_along_axis(jnp.broadcast_to(best, head.shape), chosen, axis=-1)[..., 0]
    target, guess = head * kept[..., None], centred(evidence) * kept[..., None]
    axes = (1, 2, 3)
    shared = jnp.sum(target * guess, axis=axes) ** 2
    explained = shared / (jnp.sum(guess**2) * jnp.sum(target**2, axis=axes))
    return jnp.sum(agrees * kept, axis=(1, 2)) / jnp.sum(kept), explained


def matched_logits(
    head: Float[Array, "seeds p n v"], counts: Float[Array, "p n v"], late: int, most: int
) -> Float[Array, "seeds most"]:
    """The head's mean logit for the only follower of the current token, after 1 … `most` matches."""
    only = (counts == counts.sum(axis=-1, keepdims=True)) & (jnp.arange(head.shape[2]) >= late)[:, None]

    def after(matched: Array) -> Array:
        chosen = only & (counts == matched)
        return jnp.sum(head * chosen, axis=(1, 2, 3)) / jnp.sum(chosen)

    return jnp.stack([after(matched) for matched in jnp.arange(1, most + 1)], axis=1)


def growth_exponent(logits: Float[Array, "seeds most"]) -> Float[Array, " seeds"]:
    """The slope of log logit over log matches: one for a step, zero for an average."""
    matched = jnp.log(jnp.arange(1, logits.shape[1] + 1))
    matched = matched - matched.mean()
    return jnp.log(logits) @ matched / jnp.sum(matched**2)
