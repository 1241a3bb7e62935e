"""Gradient descent and GD++ as attention weights (von Oswald et al. 2023, Prop. 1 and appendix A.10).

K = Q = diag(I_d, 0) and P·V = −diag(γ/N₀ I_d, η/N₀ I_m): one layer moves the labels by a gradient step and
the inputs by x ← (I − γ/N₀ XᵀX) x, both read off the tokens before it.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.algorithms.descent import GradientDescent, GradientDescentPlusPlus
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention


def descent_layer(rate: Float[Array, ""], shrinkage: Float[Array, ""], shape: tuple[int, int]) -> Attention:
    """The layer that takes one step with η/N₀ and γ/N₀ on prompts of `shape` (d, m)."""
    d, m = shape
    select = jnp.diag(jnp.concatenate([jnp.ones(d), jnp.zeros(m)]))[None]
    moves = jnp.concatenate([jnp.full(d, shrinkage), jnp.full(m, rate)])
    return Attention(select, select, -jnp.diag(moves)[None], jnp.eye(d + m)[None])


def descent_stack(descent: GradientDescent | GradientDescentPlusPlus, shape: tuple[int, int]) -> Transformer:
    """A layer for every step; `ValueError` for a rate on the mean over the prompt, or a W₀."""
    steps = zip(*_per_example(descent), strict=True)
    return Transformer(tuple(descent_layer(*step, shape) for step in steps))


def looped_descent(descent: GradientDescent | GradientDescentPlusPlus, shape: tuple[int, int]) -> Transformer:
    """The layer of the first step, repeated: the same function where all steps share their rates."""
    rates, shrinkages = _per_example(descent)
    return Transformer((descent_layer(rates[0], shrinkages[0], shape),), repeats=len(rates))


def _per_example(
    descent: GradientDescent | GradientDescentPlusPlus,
) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """η/N₀ and γ/N₀ of every step."""
    rates = descent.learning_rates
    if isinstance(descent, GradientDescentPlusPlus):
        return rates / descent.normaliser, descent.shrinkages / descent.normaliser
    if descent.normaliser is None or descent.start is not None:
        raise ValueError(
            "layers have a rate per example and start at W = 0; the descent has the normaliser "
            f"{descent.normaliser} and {'a' if descent.start is not None else 'no'} start"
        )
    return rates / descent.normaliser, jnp.zeros_like(rates)
