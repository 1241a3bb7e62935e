"""Auto-regressive transformers on sequences of examples: a prediction after each of them.

Every position j has a context token (x_j, y_j), which reads the context tokens i ≤ j, and a query token
(x_j, 0), which reads those i < j and is read by none: the layers of `icgd.models.attention_stack` with a
causal mask. After n examples it is the query token of position n + 1 that predicts, so that context and query
token n both read the first n context tokens.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.layers import Attention, Kernel, initial_attention
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.regression_sequences import RegressionSequences, following


class CausalTransformer(Learner):
    """A stack of causal attention layers, applied `repeats` times.

    strict: context tokens, too, read only those before them (i < j).
    """

    layers: tuple[Attention, ...]
    repeats: int = eqx.field(static=True, default=1)
    strict: bool = eqx.field(static=True, default=False)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps n m"]:
        """Predictions [layers · repeats, n, m]: minus the query tokens' label slots after each layer."""
        m = prompt.y.shape[-1]
        context = jnp.concatenate([prompt.x, prompt.y], axis=-1)
        query = jnp.concatenate([following(prompt), jnp.zeros_like(prompt.y)], axis=-1)
        predictions = []
        for layer in self.layers * self.repeats:
            query, context = query + layer(query, context), context + self._among(layer, context)
            predictions.append(-query[:, -m:])
        return jnp.stack(predictions)

    def _among(self, layer: Attention, context: Float[Array, "n e"]) -> Float[Array, "n e"]:
        """What context tokens read: nothing for the first one if none reads itself."""
        if not self.strict:
            return layer(context, context)
        return jnp.zeros_like(context).at[1:].set(layer(context[1:], context[:-1]))


def causal_stack(
    task: RegressionSequences,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 1,
    repeats: PositiveInt = 1,
    heads: PositiveInt = 1,
    kernel: Kernel = "linear",
    strict: bool = False,
    initial_scale: PositiveFloat = 1.0,
) -> CausalTransformer:
    """Untrained stack; entries start as N(0, initial_scale²/e), e = d + m the token width."""
    width = task.dimension + task.outputs

    def layer(key: Key[Array, ""]) -> Attention:
        return initial_attention(key, width, initial_scale, heads, kernel=kernel, causal=True)

    return CausalTransformer(tuple(map(layer, jax.random.split(key, layers))), repeats, strict)
