"""The layers that every transformer here is made of: attention heads and an MLP.

A head reads Σ_j a_j V e_j with weights a_j = (K e_j)ᵀ(Q e) (von Oswald et al. 2023, equation 1), or
their softmax over j, and writes P times that. There is no factor 1/√k: the initial scale absorbs it.
"""

import functools
import math
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

Kernel = Literal["linear", "softmax"]
Norm = Literal["none", "layer", "rms"]
EPSILON = 1e-5


class Attention(eqx.Module):
    """One layer of H attention heads on tokens of width e; matrices act from the left."""

    key: Float[Array, "h k e"]
    query: Float[Array, "h k e"]
    value: Float[Array, "h v e"]
    projection: Float[Array, "h e v"]
    position_bias: Float[Array, "h distances"] | None = None
    """Added to the logit of the token so many places back; the last entry holds beyond."""
    kernel: Kernel = eqx.field(static=True, default="linear")
    norm: Norm = eqx.field(static=True, default="none")
    """How tokens are normalised, without learned scale or shift, before the layer reads them."""
    causal: bool = eqx.field(static=True, default=False)
    """Whether each token reads only those up to itself; then tokens and context are the same."""

    def products(self) -> tuple[Float[Array, "h e e"], Float[Array, "h e e"]]:
        """The two matrices of each head that matter: A = KᵀQ and B = P·V."""
        return jnp.einsum("hca,hcb->hab", self.key, self.query), self.projection @ self.value

    def __call__(
        self,
        tokens: Float[Array, "t e"],
        context: Float[Array, "n e"],
        maps: Float[Array, "h t n"] | None = None,
    ) -> Float[Array, "t e"]:
        """What `tokens` read from `context`: Σ_h B_h Σ_j a_hj e_j, with `maps` in place of a if given."""
        if self.value.shape[1] < context.shape[1]:
            weights = self._weights(tokens, context) if maps is None else jnp.swapaxes(maps, 0, 1)
            values = _by_head(self.value, normalised(context, self.norm))
            read, write = jnp.einsum("thn,nhv->thv", weights, values), self.projection
        else:
            read, write = self.read(tokens, context, maps), self.products()[1]
        return read.reshape(len(tokens), -1) @ jnp.concatenate(jnp.swapaxes(write, 1, 2))

    def read(
        self,
        tokens: Float[Array, "t e"],
        context: Float[Array, "n e"],
        maps: Float[Array, "h t n"] | None = None,
    ) -> Float[Array, "t h e"]:
        """Each head's Σ_j a_hj e_j. Heads lie side by side, so that all products are large ones."""
        weights = self._weights(tokens, context) if maps is None else jnp.swapaxes(maps, 0, 1)
        seen = normalised(context, self.norm)
        return (weights.reshape(-1, len(context)) @ seen).reshape(*weights.shape[:2], -1)

    def maps(self, tokens: Float[Array, "t e"], context: Float[Array, "n e"]) -> Float[Array, "h t n"]:
        """The weight a with which each token reads each of the context."""
        return jnp.swapaxes(self._weights(tokens, context), 0, 1)

    def _weights(self, tokens: Float[Array, "t e"], context: Float[Array, "n e"]) -> Float[Array, "t h n"]:
        logits = self._logits(normalised(tokens, self.norm), normalised(context, self.norm))
        back = jnp.arange(len(tokens))[:, None] - jnp.arange(len(context))
        if self.position_bias is not None:
            reach = self.position_bias.shape[1] - 1
            logits = logits + jnp.swapaxes(self.position_bias[:, jnp.clip(back, 0, reach)], 0, 1)
        hidden = (back < 0)[:, None] if self.causal else None
        if self.kernel == "softmax":
            return softmax(logits if hidden is None else jnp.where(hidden, -jnp.inf, logits))
        return logits if hidden is None else jnp.where(hidden, 0.0, logits)

    def _logits(self, tokens: Float[Array, "t e"], context: Float[Array, "n e"]) -> Float[Array, "t h n"]:
        """(K e_j)ᵀ(Q e): with the product A, or factor by factor if heads are narrower than tokens."""
        heads, narrow, width = self.key.shape
        if narrow < width:
            return jnp.einsum("thk,nhk->thn", _by_head(self.query, tokens), _by_head(self.key, context))
        bilinear, _ = self.products()
        asked = tokens @ jnp.concatenate(jnp.swapaxes(bilinear, 1, 2), axis=1)
        logits = asked.reshape(-1, width) @ context.T
        return logits.reshape(len(tokens), heads, len(context))


def _by_head(matrices: Float[Array, "h k e"], tokens: Float[Array, "t e"]) -> Float[Array, "t h k"]:
    """Every head's matrix times every token, as one product."""
    heads, narrow, width = matrices.shape
    return (tokens @ matrices.reshape(-1, width).T).reshape(-1, heads, narrow)


class MLP(eqx.Module):
    """outer·gelu(inner·e + inner_bias) + outer_bias for every token."""

    inner: Float[Array, "k e"]
    inner_bias: Float[Array, " k"]
    outer: Float[Array, "e k"]
    outer_bias: Float[Array, " e"]

    def __call__(self, tokens: Float[Array, "*any e"]) -> Float[Array, "*any e"]:
        """The output for tokens [… e]; a residual block adds it to them."""
        return jax.nn.gelu(tokens @ self.inner.T + self.inner_bias) @ self.outer.T + self.outer_bias


def normalised(tokens: Float[Array, "... e"], norm: Norm) -> Float[Array, "... e"]:
    """Entries of each token with mean zero and variance one (layer), or mean square one (rms)."""
    return tokens if norm == "none" else _standardised(tokens, norm == "layer", -1)


def _mean(x: Float[Array, "..."], axis: int) -> Float[Array, "..."]:
    """Along `axis`, which stays: as a product, since XLA's own sums of many short rows are slow on CPUs."""
    length = x.shape[axis]
    return jnp.expand_dims(jnp.tensordot(x, jnp.full(length, 1 / length, x.dtype), (axis, 0)), axis)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def _standardised(tokens: Array, centre: bool, axis: int) -> Array:
    return standardised_forward(tokens, centre, axis)[0]


def standardised_forward(tokens: Array, centre: bool, axis: int) -> tuple[Array, tuple[Array, Array]]:
    """Tokens with mean square one along an axis, centred or not; and what the gradient needs."""
    centred = tokens - _mean(tokens, axis) if centre else tokens
    scale = jax.lax.rsqrt(_mean(centred**2, axis) + EPSILON)
    return centred * scale, (centred * scale, scale)


def standardised_backward(centre: bool, axis: int, saved: tuple[Array, Array], g: Array) -> tuple[Array]:
    """The gradient with respect to the tokens, from that with respect to the result."""
    result, scale = saved
    across = g - result * _mean(g * result, axis)
    return (scale * (across - _mean(g, axis) if centre else across),)


_standardised.defvjp(standardised_forward, standardised_backward)


@jax.custom_vjp
def softmax(logits: Float[Array, "... n"]) -> Float[Array, "... n"]:
    """Positive weights along the last axis that add up to one."""
    raised = jnp.exp(logits - jnp.max(logits, axis=-1, keepdims=True))
    return raised / (_mean(raised, -1) * raised.shape[-1])


def _softmax_forward(logits: Array) -> tuple[Array, Array]:
    weights = softmax(logits)
    return weights, weights


def _softmax_backward(weights: Array, g: Array) -> tuple[Array]:
    return (weights * (g - _mean(g * weights, -1) * weights.shape[-1]),)


softmax.defvjp(_softmax_forward, _softmax_backward)


def initial_attention(
    key: Key[Array, ""], width: int, scale: float, heads: int = 1, head_width: int = 0, **fields: Any
) -> Attention:
    """A layer with float32 matrices of entries N(0, scale²/inputs); `fields` are its other ones.

    head_width: of keys, queries and values; 0 for that of the tokens.
    """
    inner = head_width or width

    def matrix(key: Key[Array, ""], *shape: int) -> Float[Array, "h out in"]:
        return scale / math.sqrt(shape[-1]) * jax.random.normal(key, (heads, *shape), jnp.float32)

    parts = jax.random.split(key, 4)
    k, q, v = (matrix(part, inner, width) for part in parts[:3])
    return Attention(k, q, v, matrix(parts[3], width, inner), **fields)


def initial_mlp(key: Key[Array, ""], width: int, hidden: int) -> MLP:
    """A layer with float32 weights N(0, 1/inputs) and zero biases."""
    inner, outer = jax.random.split(key)
    return MLP(
        jax.random.normal(inner, (hidden, width), jnp.float32) / math.sqrt(width),
        jnp.zeros(hidden, jnp.float32),
        jax.random.normal(outer, (width, hidden), jnp.float32) / math.sqrt(hidden),
        jnp.zeros(width, jnp.float32),
    )
