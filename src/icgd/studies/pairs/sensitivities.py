"""How much each token after the first of a pair of layers depends on each token before it.

The layer writes e_t + B Σ_s w_ts e_s with w = softmax(e_sᵀA e_t), so its sensitivity to another token is
∂/∂e_s = w_ts B [I + (e_s − Σ_s' w_ts' e_s')(A e_t)ᵀ].
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.models.pair_stack import PairTransformer
from icgd.prompt import Prompt


def sensitivities(model: PairTransformer, prompt: Prompt) -> Float[Array, "t t"]:
    """‖∂e'_t/∂e_s‖ (Frobenius) of the token t after the first layer."""
    tokens = model.tokens(prompt)
    (bilinear,), (write,) = model.copying.products()
    weights = model.copying.maps(tokens, tokens)[0]
    asked = tokens @ bilinear.T
    centred = tokens - (weights @ tokens)[:, None]  # [t, s, e]
    written = centred @ write.T
    squared = (
        jnp.sum(write**2)
        + 2 * jnp.einsum("tsa,ab,tb->ts", written, write, asked)
        + jnp.sum(written**2, axis=-1) * jnp.sum(asked**2, axis=-1)[:, None]
    )
    other = weights * jnp.sqrt(jnp.maximum(squared, 0.0))
    own = jax.vmap(lambda t: _own(tokens, weights[t], bilinear, write, t))(jnp.arange(len(tokens)))
    return jnp.where(jnp.eye(len(tokens), dtype=bool), own[:, None], other)


def _own(tokens: Array, weights: Array, bilinear: Array, write: Array, t: Array) -> Float[Array, ""]:
    """‖∂e'_t/∂e_t‖, whose token is asking, read, and there before the layer."""
    width = tokens.shape[1]
    apart = tokens - weights @ tokens
    asking = (weights[:, None] * apart).T @ tokens @ bilinear
    read = weights[t] * (jnp.eye(width) + jnp.outer(apart[t], bilinear @ tokens[t]))
    return jnp.linalg.norm(jnp.eye(width) + write @ (asking + read))


def pair_parts(values: Float[Array, "t t"]) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Mean of a map over inputs, at themselves, at their label and at the tokens beyond the pair."""
    inputs = jnp.arange(0, len(values) - 1, 2)
    partner, own = values[inputs, inputs + 1], values[inputs, inputs]
    other = values[inputs].sum(axis=1) - partner - own
    return own.mean(), partner.mean(), other.mean() / (len(values) - 2)
