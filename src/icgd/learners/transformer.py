"""Transformers of linear self-attention (von Oswald et al. 2023, equation 1 and section 3).

Tokens are e_j = (x_j, y_j) for the context and e_q = (x_q, −W₀x_q) for the query, whose label slot
holds minus the current prediction. Keys and values come from context tokens only, so
e ← e + λ Σ_h P_h V_h Σ_j e_j (K_h e_j)ᵀ(Q_h e) for context and query alike.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.constrained import PositiveFloat, PositiveInt
from icgd.learners.base import Learner
from icgd.prompt import Prompt
from icgd.tasks.linear import LinearRegression


class LinearAttention(eqx.Module):
    """One layer of H linear-attention heads on tokens of width e; matrices act from the left."""

    key: Float[Array, "h e e"]
    query: Float[Array, "h e e"]
    value: Float[Array, "h e e"]
    projection: Float[Array, "h e e"]

    def __call__(self, tokens: Float[Array, "t e"], context: Float[Array, "n e"]) -> Float[Array, "t e"]:
        """What `tokens` read from `context`: Σ_h P_h V_h Σ_j e_j (K_h e_j)ᵀ(Q_h e)."""
        keys = jnp.einsum("hab,nb->hna", self.key, context)
        queries = jnp.einsum("hab,tb->hta", self.query, tokens)
        values = jnp.einsum("hab,nb->hna", self.value, context)
        read = jnp.einsum("htn,hnv->htv", jnp.einsum("hta,hna->htn", queries, keys), values)
        return jnp.einsum("hab,htb->ta", self.projection, read)


class Transformer(Learner):
    """A stack of attention layers, applied `repeats` times with damping λ.

    `initial_weights` is the W₀ [m d] that the query's label slot starts from; None means zero.
    """

    layers: tuple[LinearAttention, ...]
    initial_weights: Float[Array, "m d"] | None = None
    repeats: int = eqx.field(static=True, default=1)
    damping: float = eqx.field(static=True, default=1.0)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions [layers · repeats, m]: minus the query's label slot after each layer."""
        m = prompt.y.shape[-1]
        context = jnp.concatenate([prompt.x, prompt.y], axis=-1)
        start = jnp.zeros(m, prompt.y.dtype)
        if self.initial_weights is not None:
            start = -self.initial_weights @ prompt.query
        query = jnp.concatenate([prompt.query, start])[None]

        def forward(tokens: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
            context, query = tokens
            predictions = []
            for layer in self.layers:
                update = self.damping * layer(query, context)
                context = context + self.damping * layer(context, context)
                query = query + update
                predictions.append(-query[0, -m:])
            return (context, query), jnp.stack(predictions)

        if self.repeats == 1:  # no scan: the last context update is dead code and is removed
            return forward((context, query), None)[1]
        _, predictions = jax.lax.scan(forward, (context, query), None, self.repeats)
        return predictions.reshape(-1, m)


def linear_transformer(
    task: LinearRegression,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 1,
    heads: PositiveInt = 1,
    initial_scale: PositiveFloat = 1.0,
) -> Transformer:
    """Untrained stack; entries start as N(0, initial_scale²/e), e = d + m the token width."""
    width = task.dimension + task.outputs

    def matrix(key: Key[Array, ""]) -> Float[Array, "h e e"]:
        normal = jax.random.normal(key, (heads, width, width), jnp.float32)
        return initial_scale / math.sqrt(width) * normal

    def layer(key: Key[Array, ""]) -> LinearAttention:
        return LinearAttention(*(matrix(k) for k in jax.random.split(key, 4)))

    return Transformer(tuple(layer(k) for k in jax.random.split(key, layers)))
