"""Changes of the attention within pairs that keep rows which sum to one.

So the second layer reads tokens of the size that it was trained on: what a row loses by a mask, its other
entries gain in proportion.
"""

from collections.abc import Callable
from typing import TypeAlias

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

Map: TypeAlias = Float[Array, "t t"]
Change: TypeAlias = Callable[[Map, Map], Map]
"""A prompt's map and the mean over prompts to what takes the former's place."""


def _without(seen: Map, masked: Bool[Array, "t t"]) -> Map:
    """Rows without some of their entries, scaled back to the sum that they had."""
    left = jnp.where(masked, 0.0, seen)
    return left / left.sum(axis=1, keepdims=True)


def changes(n: int) -> dict[str, Change]:
    """The changes by name, for prompts of n pairs: input 2j belongs to label 2j + 1."""
    read = jnp.arange(2 * n + 1)
    reading = read[:, None]
    is_input = (reading % 2 == 0) & (reading < 2 * n)
    to_label, to_input = is_input & (read == reading + 1), (reading % 2 == 1) & (read == reading - 1)

    def exact(_: Map, mean: Map) -> Map:
        share = jnp.sum(mean * to_label) / n
        return jnp.where(is_input, jnp.where(to_label, share, (1 - share) * (read == reading)), mean)

    return {
        "none": lambda seen, _: seen,
        "no_pairs": lambda seen, _: _without(seen, to_label | to_input),
        "no_label_to_input": lambda seen, _: _without(seen, to_label),
        "no_input_to_label": lambda seen, _: _without(seen, to_input),
        "mean": lambda _, mean: mean,
        "mean_of_inputs": lambda seen, mean: jnp.where(is_input, mean, seen),
        "mean_of_others": lambda seen, mean: jnp.where(is_input, seen, mean),
        "exact_pairs": exact,
        "sharpened": lambda seen, _: seen**2 / jnp.sum(seen**2, axis=1, keepdims=True),
    }
