"""Predictions for many prompts at once, in the form that is fastest for the learner.

Linear self-attention is e ← e + Σ_h B_h S A_h e with A = KᵀQ, B = PV and S = Σ_j e_j e_jᵀ. Its
per-prompt products are tiny, and XLA's batched products of tiny matrices reach a few percent of a CPU's
rate. Here tokens lie as [token, entry, prompt]: products within a prompt are unrolled sums that
vectorise over prompts, products with weights are matrix multiplications. XLA would fuse one unrolled
product into the next and compute it many times over, so a matrix multiplication always stands between
two of them. `Transformer` is the readable form, and the oracle in the tests.
"""

import functools
import itertools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention, standardised_backward, standardised_forward
from icgd.prompt import Prompt

LOOPED = 8
"""From so many layers of one form on they are a loop, which compiles in two thirds of the time; fewer run
faster without one."""


def predictions(learner: Learner, prompts: Prompt, clip: float = 0.0) -> Float[Array, "p m"]:
    """What `jax.vmap(learner)(prompts)` gives, up to rounding.

    A positive `clip` bounds all entries of all tokens after every layer, which keeps training finite
    on the rare prompts on which a deep stack explodes. `ValueError` if the learner has no such form.
    """
    if isinstance(learner, Transformer) and all(layer.kernel == "linear" for layer in learner.layers):
        return _linear_predictions(learner, prompts, clip)
    if clip:
        raise ValueError(
            "activation_clip is for stacks of linear attention; "
            f"{type(learner).__name__} has another form, so set activation_clip to 0"
        )
    return jax.vmap(learner)(prompts)


def _linear_predictions(model: Transformer, prompts: Prompt, clip: float) -> Float[Array, "p m"]:
    n, m = prompts.y.shape[1:]

    def forward(tokens: Array, layer: Attention) -> tuple[Array, None]:
        return _forward(tokens, layer, model.damping, clip), None

    *layers, last = model.layers * model.repeats
    tokens = _tokens(model, prompts)
    for _, group in itertools.groupby(layers, jax.tree.structure):
        alike = list(group)
        if len(alike) >= LOOPED:
            tokens, _ = jax.lax.scan(forward, tokens, jax.tree.map(lambda *a: jnp.stack(a), *alike))
        else:
            for layer in alike:
                tokens, _ = forward(tokens, layer)
    return -_forward(tokens, last, model.damping, clip, n)[0, -m:].T


def _forward(
    tokens: Float[Array, "t e p"], layer: Attention, damping: float, clip: float, start: int = 0
) -> Float[Array, "u e p"]:
    """The tokens from `start` on after a layer; all but the last are read."""
    seen = _standardised(tokens) if layer.norm == "layer" else tokens
    moments = _gram(seen[:-1])
    tokens, seen = tokens[start:], seen[start:]
    update = jnp.zeros_like(tokens)
    for bilinear, write in zip(*layer.products(), strict=True):
        moved = _weigh(bilinear.T, moments)  # S A, as S is symmetric
        update += _weigh(write, _product_transposed(seen, moved))
    tokens = tokens + damping * update
    return _clip(tokens, clip) if clip else tokens


def _tokens(model: Transformer, prompts: Prompt) -> Float[Array, "t e p"]:
    """Context tokens (x_j, y_j), then the query's (x_q, −W₀x_q)."""
    start = jnp.zeros_like(prompts.y[:, 0])
    if model.initial_weights is not None:
        start = -prompts.query @ model.initial_weights.T
    context = jnp.concatenate([prompts.x, prompts.y], axis=-1)
    query = jnp.concatenate([prompts.query, start], axis=-1)
    tokens = jnp.concatenate([context, query[:, None]], axis=1)
    return _separate(jnp.moveaxis(tokens, 0, -1))


def _swap(x: Float[Array, "i j p"]) -> Float[Array, "j i p"]:
    return jnp.swapaxes(x, 0, 1)


def _product(x: Float[Array, "i j p"], y: Float[Array, "j k p"]) -> Float[Array, "i k p"]:
    """Σ_j x_ij y_jk in every prompt."""
    total = x[:, 0, None] * y[None, 0]
    for j in range(1, x.shape[1]):
        total = total + x[:, j, None] * y[None, j]
    return total


@jax.custom_vjp
def _product_transposed(x: Float[Array, "i j p"], y: Float[Array, "k j p"]) -> Float[Array, "i k p"]:
    """Σ_j x_ij y_kj in every prompt."""
    return _product(x, _swap(y))


_product_transposed.defvjp(
    lambda x, y: (_product(x, _swap(y)), (x, y)),
    lambda saved, g: (_product(g, saved[1]), _product(_swap(g), saved[0])),
)


@jax.custom_vjp
def _gram(tokens: Float[Array, "n e p"]) -> Float[Array, "e e p"]:
    """S = Σ_t e_t e_tᵀ in every prompt."""
    return _product(_swap(tokens), tokens)


_gram.defvjp(
    lambda tokens: (_product(_swap(tokens), tokens), tokens),
    lambda tokens, g: (_product(tokens, g + _swap(g)),),
)


def _multiply(weights: Float[Array, "a b"], x: Float[Array, "t b p"]) -> Float[Array, "t a p"]:
    spread = jnp.broadcast_to(weights, (x.shape[0], *weights.shape))
    return jax.lax.dot_general(spread, x, (((2,), (1,)), ((0,), (0,))))


@jax.custom_vjp
def _weigh(weights: Float[Array, "a b"], x: Float[Array, "t b p"]) -> Float[Array, "t a p"]:
    """The weights times every token of every prompt."""
    return _multiply(weights, x)


def _weigh_backward(saved: tuple[Array, Array], g: Array) -> tuple[Array, Array]:
    weights, x = saved
    slope = jax.lax.dot_general(g, x, (((2,), (2,)), ((0,), (0,)))).sum(axis=0)
    return slope, _multiply(weights.T, g)


_weigh.defvjp(lambda weights, x: (_multiply(weights, x), (weights, x)), _weigh_backward)


def _separate(x: Float[Array, "t e p"]) -> Float[Array, "t e p"]:
    """The same values behind a matrix multiplication, across which XLA does not fuse."""
    return _multiply(jnp.eye(x.shape[1], dtype=x.dtype), x)


@jax.custom_vjp
def _standardised(tokens: Float[Array, "t e p"]) -> Float[Array, "t e p"]:
    return _standardised_forward(tokens)[0]


def _standardised_forward(tokens: Array) -> tuple[Array, tuple[Array, Array]]:
    result, (_, scale) = standardised_forward(tokens, True, 1)
    result = _separate(result)
    return result, (result, scale)


def _standardised_backward(saved: tuple[Array, Array], g: Array) -> tuple[Array]:
    return (_separate(*standardised_backward(True, 1, saved, g)),)


_standardised.defvjp(_standardised_forward, _standardised_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def _clip(x: Float[Array, "t e p"], bound: float) -> Float[Array, "t e p"]:
    """Entries bounded by ±bound; no gradient where the bound holds."""
    return _separate(jnp.clip(x, -bound, bound))


def _clip_forward(x: Array, bound: float) -> tuple[Array, Array]:
    clipped = _separate(jnp.clip(x, -bound, bound))
    return clipped, clipped


_clip.defvjp(_clip_forward, lambda bound, clipped, g: (jnp.where(jnp.abs(clipped) < bound, g, 0.0),))
