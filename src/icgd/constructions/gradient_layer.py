"""The construction: attention weights that take one gradient step (von Oswald et al., Prop. 1).

K = Q = diag(I_d, 0), V = [[0, 0], [W₀, −I_m]], P = (η/N) I. A head depends on its weights only
through KᵀQ and P·V, and on those only up to KᵀQ ↦ a KᵀQ, PV ↦ PV/a; `canonical` fixes a.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate


def gradient_layer(
    initial_weights: Float[Array, "m d"], learning_rate: Array | float, context_length: int
) -> Transformer:
    """The one-layer transformer that takes one GD step with rate η from W₀, in W₀'s precision."""
    m, d = initial_weights.shape
    dtype = initial_weights.dtype
    select = jnp.zeros((d + m, d + m), dtype).at[:d, :d].set(jnp.eye(d, dtype=dtype))
    value = jnp.zeros((d + m, d + m), dtype)
    value = value.at[d:, :d].set(initial_weights).at[d:, d:].set(-jnp.eye(m, dtype=dtype))
    project = jnp.asarray(learning_rate, dtype) / context_length * jnp.eye(d + m, dtype=dtype)
    layer = Attention(select[None], select[None], value[None], project[None])
    return Transformer((layer,), initial_weights)


def constructed_step(task: LinearRegression, key: Key[Array, ""]) -> Transformer:
    """Proposition 1 at W₀ = 0 with the optimal one-step rate for `task`."""
    start = jnp.zeros((task.outputs, task.dimension))
    return gradient_layer(start, optimal_learning_rate(task), task.context_length)


def canonical(model: Transformer, reference: Transformer) -> Transformer:
    """The same function with K = P = I, each KᵀQ scaled (sign included) to match `reference`'s.

    The scale a minimises ‖a⁻¹ reference − KᵀQ‖ over each head: a = ⟨R, R⟩ / ⟨R, KᵀQ⟩.
    """

    def rewrite(layer: Attention, target: Attention) -> Attention:
        bilinear, write = layer.products()
        wanted, _ = target.products()
        inner = jnp.sum(wanted * bilinear, axis=(1, 2), keepdims=True)
        scale = jnp.sum(wanted**2, axis=(1, 2), keepdims=True) / inner
        identity = jnp.broadcast_to(jnp.eye(bilinear.shape[-1], dtype=bilinear.dtype), bilinear.shape)
        return Attention(identity, scale * bilinear, write / scale, identity)

    pairs = zip(model.layers, reference.layers, strict=True)
    layers = tuple(rewrite(layer, target) for layer, target in pairs)
    return eqx.tree_at(lambda m: m.layers, model, layers)


def interpolate(model: Transformer, reference: Transformer) -> Transformer:
    """The mean of the canonical weights of both (von Oswald et al., section 3)."""
    ours, theirs = canonical(model, reference), canonical(reference, reference)
    pairs = zip(ours.layers, theirs.layers, strict=True)
    layers = tuple(
        Attention(a.key, (a.query + b.query) / 2, (a.value + b.value) / 2, a.projection) for a, b in pairs
    )
    return eqx.tree_at(lambda m: m.layers, model, layers)
