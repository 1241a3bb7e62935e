"""A prompt: what an in-context learner is allowed to see.

The target of the query is not part of it, so that no learner can leak it. A prompt has no batch
axis; stacks of prompts are the same class with leading axes, and callers `jax.vmap` over them.
"""

import equinox as eqx
from jaxtyping import Array, Float


class Prompt(eqx.Module):
    """N labelled examples and one query (von Oswald et al. 2023, section 2)."""

    x: Float[Array, "*batch n d"]
    y: Float[Array, "*batch n m"]
    query: Float[Array, "*batch d"]
