"""Attention with what deep transformers add to it: learned norms, MLPs and bounded activations.

A layer is e ← e + attention(n(e)), then e ← e + outer·gelu(inner·e), where n standardises a token's entries,
multiplies them with a learned scale and adds an offset. Keys and values come from the context tokens alone,
as in `icgd.models.attention_stack`, which is the case without all three and has a faster form.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention, normalised
from icgd.prompt import Prompt


class LearnedNorm(eqx.Module):
    """Layer normalisation with a learned scale and offset (Ba et al. 2016)."""

    scale: Float[Array, " e"]
    offset: Float[Array, " e"]

    def __call__(self, tokens: Float[Array, "t e"]) -> Float[Array, "t e"]:
        """The tokens, each standardised over its entries."""
        return self.scale * normalised(tokens, "layer") + self.offset


class PlainMLP(eqx.Module):
    """outer·gelu(inner·e), without biases."""

    inner: Float[Array, "k e"]
    outer: Float[Array, "e k"]

    def __call__(self, tokens: Float[Array, "t e"]) -> Float[Array, "t e"]:
        """The output for tokens [t e]; a residual block adds it to them."""
        return jax.nn.gelu(tokens @ self.inner.T) @ self.outer.T


class ResidualLayer(eqx.Module):
    """Attention, with a norm before it and an MLP after it where there are."""

    attention: Attention
    norm: LearnedNorm | None = None
    mlp: PlainMLP | None = None

    def __call__(
        self, tokens: Float[Array, "t e"], context: Float[Array, "n e"], bound: float
    ) -> Float[Array, "t e"]:
        """Tokens after the layer, which reads `context`; every sum is bounded to ±bound, if positive."""
        seen, read = (tokens, context) if self.norm is None else (self.norm(tokens), self.norm(context))
        tokens = _bounded(tokens + self.attention(seen, read), bound)
        return tokens if self.mlp is None else _bounded(tokens + self.mlp(tokens), bound)


def _bounded(tokens: Float[Array, "t e"], bound: float) -> Float[Array, "t e"]:
    return jnp.clip(tokens, -bound, bound) if bound else tokens


class ResidualStack(Learner):
    """Layers on tokens (x_j, y_j) and (x_q, 0), applied `repeats` times; predictions as in `Transformer`."""

    layers: tuple[ResidualLayer, ...]
    repeats: int = eqx.field(static=True, default=1)
    bound: float = eqx.field(static=True, default=0.0)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Minus the query's label slot after each layer."""
        m = prompt.y.shape[-1]
        context = jnp.concatenate([prompt.x, prompt.y], axis=-1)
        query = jnp.concatenate([prompt.query, jnp.zeros(m, prompt.y.dtype)])[None]
        predictions = []
        for layer in self.layers * self.repeats:
            query, context = layer(query, context, self.bound), layer(context, context, self.bound)
            predictions.append(-query[0, -m:])
        return jnp.stack(predictions)


def bounded_stack(model: Transformer | ResidualStack, bound: float) -> ResidualStack:
    """The same layers with all entries of all tokens bounded to ±bound after every layer.

    `ValueError` for a start W₀ other than zero or a damping, which a residual stack does not have.
    """
    if isinstance(model, ResidualStack):
        return ResidualStack(model.layers, model.repeats, bound)
    if model.initial_weights is not None or model.damping != 1:
        start = "no W₀" if model.initial_weights is None else "a W₀"
        raise ValueError(
            "a residual stack starts at W₀ = 0 and has no damping; "
            f"the transformer has {start} and the damping {model.damping}"
        )
    return ResidualStack(tuple(map(ResidualLayer, model.layers)), model.repeats, bound)
