"""What the last head of a language model adds to the logits, held against what counting would add."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from icgd.analysis.attention_scores import centred
from icgd.models.language_model import LanguageModel
from icgd.prompt import TokenPrompt

TIE = 1e-9


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
