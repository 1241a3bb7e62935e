"""Predictions for many prompts at once, in the form that is fastest for the learner.

Tokens lie as [token, entry, prompt] (see `batch_last`). Linear self-attention is e ← e + Σ_h B_h S A_h e
with A = KᵀQ, B = PV and S = Σ_j e_j e_jᵀ; where only the query asks, Σ_j e_j (e_j·A e) is shorter.
`Transformer` is the readable form, and the oracle in the tests.
"""

import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.models.batch_last import clip, gram, product_transposed, separate, swap, weigh
from icgd.models.layers import Attention, standardised_backward, standardised_forward
from icgd.prompt import Prompt

LOOPED = 8
"""From so many normalised layers of one form on they are a loop. Others run twice as fast without one."""


def predictions(
    learner: Learner,
    prompts: Prompt,
    bound: float = 0.0,
) -> Float[Array, "p *m"]:  # noqa: F821
    """What `jax.vmap(learner)(prompts)` gives, up to rounding.

    A positive `bound` clips all entries of all tokens after every layer, which keeps training finite
    on the rare prompts on which a deep stack explodes. `ValueError` if the learner has no such form.
    """
    if isinstance(learner, Transformer) and all(layer.kernel == "linear" for layer in learner.layers):
        return _linear_predictions(learner, prompts, bound)
    if bound:
        raise ValueError(
            "activation_clip is for stacks of linear attention; "
            f"{type(learner).__name__} has another form, so set activation_clip to 0"
        )
    return jax.vmap(learner)(prompts)


def _linear_predictions(model: Transformer, prompts: Prompt, bound: float) -> Float[Array, "p m"]:
    def forward(tokens: Array, layer: Attention) -> tuple[Array, None]:
        return _clipped(tokens + model.damping * _update(_seen(tokens, layer), layer), bound), None

    *layers, last = model.layers * model.repeats
    tokens = _tokens(model, prompts)
    for _, group in itertools.groupby(layers, jax.tree.structure):
        alike = list(group)
        if len(alike) >= LOOPED and alike[0].norm != "none":
            tokens, _ = jax.lax.scan(forward, tokens, _stacked(alike))
        else:
            for layer in alike:
                tokens, _ = forward(tokens, layer)
    m = prompts.y.shape[-1]
    labels = tokens[-1:, -m:] + model.damping * _query_update(_seen(tokens, last), last, m)
    return -_clipped(labels, bound)[0].T


def _update(seen: Float[Array, "t e p"], layer: Attention) -> Float[Array, "t e p"]:
    """What a layer adds to all tokens, of which all but the last are read."""
    moments, total = gram(seen[:-1]), jnp.zeros_like(seen)
    for bilinear, write in zip(*layer.products(), strict=True):
        moved = weigh(bilinear.T, moments)  # S A, as S is symmetric
        total += weigh(write, product_transposed(seen, moved))
    return total


def _query_update(seen: Float[Array, "t e p"], layer: Attention, m: int) -> Float[Array, "1 m p"]:
    """What a layer adds to the m label slots of the last token."""
    context, total = seen[:-1], jnp.zeros_like(seen[-1:, -m:])
    for bilinear, write in zip(*layer.products(), strict=True):
        logits = separate(product_transposed(weigh(bilinear, seen[-1:]), context))
        total += weigh(write[-m:], product_transposed(logits, swap(context)))
    return total


def _seen(tokens: Float[Array, "t e p"], layer: Attention) -> Float[Array, "t e p"]:
    return _standardised(tokens) if layer.norm == "layer" else tokens


def _clipped(tokens: Float[Array, "t e p"], bound: float) -> Float[Array, "t e p"]:
    return clip(tokens, bound) if bound else tokens


def _stacked(layers: Sequence[Attention]) -> Attention:
    stacked: Attention = jax.tree.map(lambda *arrays: jnp.stack(arrays), *layers)
    return stacked


def _tokens(model: Transformer, prompts: Prompt) -> Float[Array, "t e p"]:
    """Context tokens (x_j, y_j), then the query's (x_q, −W₀x_q)."""
    start = jnp.zeros_like(prompts.y[:, 0])
    if model.initial_weights is not None:
        start = -prompts.query @ model.initial_weights.T
    context = jnp.concatenate([prompts.x, prompts.y], axis=-1)
    query = jnp.concatenate([prompts.query, start], axis=-1)
    return _prompts_last(jnp.concatenate([context, query[:, None]], axis=1))


def _prompts_last(tokens: Float[Array, "p t e"]) -> Float[Array, "t e p"]:
    return separate(jnp.moveaxis(tokens, 0, -1))


@jax.custom_vjp
def _standardised(tokens: Float[Array, "t e p"]) -> Float[Array, "t e p"]:
    return _standardised_forward(tokens)[0]


def _standardised_forward(tokens: Array) -> tuple[Array, tuple[Array, Array]]:
    result, (_, scale) = standardised_forward(tokens, True, 1)
    result = separate(result)
    return result, (result, scale)


def _standardised_backward(saved: tuple[Array, Array], g: Array) -> tuple[Array]:
    return (separate(*standardised_backward(True, 1, saved, g)),)


_standardised.defvjp(_standardised_forward, _standardised_backward)
