"""Copying and then stepping in two layers of linear attention (von Oswald et al. 2023, Prop. 3).

A linear head reads Σ_s (c_sᵀ A c_t) e_s. For every label t to read the input before it alone, and for the
query to read nothing, the codes of labels and query must be linearly independent, and those of inputs, too.
With orthonormal codes entries of A are 0 and 1; with sinusoids, whose slow ones hardly change, they explode.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.models.layers import Attention
from icgd.models.pair_stack import PairTransformer, tokenised
from icgd.prompt import Prompt


class CodedPairs(PairTransformer):
    """Two layers on alternating tokens that have position codes of their own."""

    positions: Float[Array, "t codes"]

    def tokens(self, prompt: Prompt) -> Float[Array, "t e"]:
        """Inputs and labels in turn, then the query, with their codes."""
        return jnp.concatenate([tokenised(prompt, 0), self.positions], axis=1)


def copying_product(positions: Float[np.ndarray, "t codes"]) -> Float[np.ndarray, "codes codes"]:
    """The least A (by its squared entries) with which labels read their inputs and the query reads nothing.

    What inputs read does not matter, as their label slots stay empty; nor do weights on labels, whose input
    slots are empty.
    """
    last = len(positions) - 1
    reading, read = [*range(1, last, 2), last], range(0, last + 1, 2)
    wanted = np.eye(len(read))
    wanted[-1, -1] = 0
    found: Float[np.ndarray, "codes codes"] = (
        np.linalg.pinv(positions[read]) @ wanted @ np.linalg.pinv(positions[reading]).T
    )
    return found


def linear_induction_layers(
    d: int, m: int, positions: Float[np.ndarray, "t codes"], rate_per_example: float
) -> CodedPairs:
    """Weights with which every label reads the input before it; the query then takes a step from W = 0."""
    codes = positions.shape[1]
    width = d + m + codes
    inputs, labels, places, asked = (np.zeros((width, width)) for _ in range(4))
    inputs[:d, :d], labels[d : d + m, d : d + m] = np.eye(d), np.eye(m)
    places[d + m :, d + m :], asked[d + m :, d + m :] = np.eye(codes), copying_product(positions)

    def layer(*matrices: np.ndarray) -> Attention:
        key, query, value, projection = (jnp.asarray(matrix, float)[None] for matrix in matrices)
        return Attention(key, query, value, projection)

    copying, step = (
        layer(places, asked, inputs, inputs),
        layer(inputs, inputs, -labels, rate_per_example * labels),
    )
    return CodedPairs(copying, step, codes, jnp.asarray(positions, float))
