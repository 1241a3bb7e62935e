"""Products of many small matrices, prompts last: [row, column, prompt].

XLA's batched products of tiny matrices reach a few percent of a CPU's rate. With prompts last, products
within a prompt are unrolled sums that vectorise over prompts, products with weights are matrix
multiplications. XLA would fuse one unrolled product into the next and compute it many times over, so a
matrix multiplication has to stand between two of them: `separate`, where there is no other.
"""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def swap(x: Float[Array, "i j p"]) -> Float[Array, "j i p"]:
    """Every prompt's matrix transposed."""
    return jnp.swapaxes(x, 0, 1)


def _product(x: Float[Array, "i j p"], y: Float[Array, "j k p"]) -> Float[Array, "i k p"]:
    """Σ_j x_ij y_jk in every prompt."""
    total = x[:, 0, None] * y[None, 0]
    for j in range(1, x.shape[1]):
        total = total + x[:, j, None] * y[None, j]
    return total


@jax.custom_vjp
def product_transposed(x: Float[Array, "i j p"], y: Float[Array, "k j p"]) -> Float[Array, "i k p"]:
    """Σ_j x_ij y_kj in every prompt."""
    return _product(x, swap(y))


product_transposed.defvjp(
    lambda x, y: (_product(x, swap(y)), (x, y)),
    lambda saved, g: (_product(g, saved[1]), _product(swap(g), saved[0])),
)


@jax.custom_vjp
def gram(tokens: Float[Array, "n e p"]) -> Float[Array, "e e p"]:
    """S = Σ_t e_t e_tᵀ in every prompt."""
    return _product(swap(tokens), tokens)


gram.defvjp(
    lambda tokens: (_product(swap(tokens), tokens), tokens),
    lambda tokens, g: (_product(tokens, g + swap(g)),),
)


def _multiply(weights: Float[Array, "a b"], x: Float[Array, "t b p"]) -> Float[Array, "t a p"]:
    spread = jnp.broadcast_to(weights, (x.shape[0], *weights.shape))
    return jax.lax.dot_general(spread, x, (((2,), (1,)), ((0,), (0,))))


@jax.custom_vjp
def weigh(weights: Float[Array, "a b"], x: Float[Array, "t b p"]) -> Float[Array, "t a p"]:
    """The weights times every token of every prompt."""
    return _multiply(weights, x)


def _weigh_backward(saved: tuple[Array, Array], g: Array) -> tuple[Array, Array]:
    weights, x = saved
    slope = jax.lax.dot_general(g, x, (((2,), (2,)), ((0,), (0,)))).sum(axis=0)
    return slope, _multiply(weights.T, g)


weigh.defvjp(lambda weights, x: (_multiply(weights, x), (weights, x)), _weigh_backward)


def separate(x: Float[Array, "t e p"]) -> Float[Array, "t e p"]:
    """The same values behind a matrix multiplication, across which XLA does not fuse."""
    return _multiply(jnp.eye(x.shape[1], dtype=x.dtype), x)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def clip(x: Float[Array, "t e p"], bound: float) -> Float[Array, "t e p"]:
    """Entries bounded by ±bound; no gradient where the bound holds."""
    return separate(jnp.clip(x, -bound, bound))


def _clip_forward(x: Array, bound: float) -> tuple[Array, Array]:
    clipped = separate(jnp.clip(x, -bound, bound))
    return clipped, clipped


clip.defvjp(_clip_forward, lambda bound, clipped, g: (jnp.where(jnp.abs(clipped) < bound, g, 0.0),))
