"""Attention-only transformers on regression prompts (von Oswald et al. 2023, equation 1, section 3).

Tokens are e_j = (x_j, y_j) for the context and e_q = (x_q, −W₀x_q) for the query, whose label slot
holds minus the current prediction. Keys and values come from context tokens only, so
e ← e + λ Σ_h P_h V_h Σ_j e_j a_hj(e) for context and query alike, with weights
a_hj = (K_h e_j)ᵀ(Q_h e), or their softmax over j.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.layers import Attention, Kernel, initial_attention
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression


class Transformer(Learner):
    """A stack of attention layers, applied `repeats` times with damping λ.

    `initial_weights` is the W₀ [m d] that the query's label slot starts from; None means zero.
    """

    layers: tuple[Attention, ...]
    initial_weights: Float[Array, "m d"] | None = None
    repeats: int = eqx.field(static=True, default=1)
    damping: float = eqx.field(static=True, default=1.0)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions [layers · repeats, m]: minus the query's label slot after each layer."""
        return self.states(prompt)[1]

    def states(self, prompt: Prompt) -> tuple[Float[Array, "steps n e"], Float[Array, "steps m"]]:
        """Context tokens and predictions after each layer."""
        m = prompt.y.shape[-1]
        context = jnp.concatenate([prompt.x, prompt.y], axis=-1)
        start = jnp.zeros(m, prompt.y.dtype)
        if self.initial_weights is not None:
            start = -self.initial_weights @ prompt.query
        query = jnp.concatenate([prompt.query, start])[None]

        def forward(tokens: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
            context, query = tokens
            contexts, predictions = [], []
            for layer in self.layers:
                update = self.damping * layer(query, context)
                context = context + self.damping * layer(context, context)
                query = query + update
                contexts.append(context)
                predictions.append(-query[0, -m:])
            return (context, query), (jnp.stack(contexts), jnp.stack(predictions))

        if self.repeats == 1:  # no scan: the last context update is dead code and is removed
            return forward((context, query), None)[1]
        _, (contexts, predictions) = jax.lax.scan(forward, (context, query), None, self.repeats)
        return contexts.reshape(-1, *context.shape), predictions.reshape(-1, m)


def attention_stack(
    task: LinearRegression,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 1,
    repeats: PositiveInt = 1,
    heads: PositiveInt = 1,
    kernel: Kernel = "linear",
    normalised: bool = False,
    initial_scale: PositiveFloat = 1.0,
) -> Transformer:
    """Untrained stack; entries start as N(0, initial_scale²/e), e = d + m the token width.

    normalised: layers after the first read tokens that are standardised; the first one needs their scale.
    """
    width = task.dimension + task.outputs

    def layer(key: Key[Array, ""], depth: int) -> Attention:
        norm = "layer" if normalised and depth > 0 else "none"
        return initial_attention(key, width, initial_scale, heads, kernel=kernel, norm=norm)

    keys = jax.random.split(key, layers)
    return Transformer(tuple(layer(k, depth) for depth, k in enumerate(keys)), repeats=repeats)
