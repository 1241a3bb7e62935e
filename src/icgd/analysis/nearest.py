"""Whether prompts tell a learner's nearest algorithm from the others."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.distances import diverged, mean_where


@jax.jit
def beyond_nearest(
    ours: Float[Array, "seeds p m"], theirs: Sequence[Float[Array, "one p m"]], bound: Float[Array, ""]
) -> tuple[Float[Array, "references seeds"], Float[Array, "references seeds"]]:
    """By how much each reference is further from a learner than the seed's nearest, and its standard error.

    The mean over prompts of ‖ŷ − ŷ_ref‖ − ‖ŷ − ŷ_nearest‖, where none of the three diverged: as distances on
    the same prompts are compared, its error is far below theirs.
    """

    def apart(other: Array) -> tuple[Array, Array]:
        kept = ~(diverged(ours, bound) | diverged(other, bound))
        return jnp.linalg.norm(ours - other, axis=-1), kept

    stacked = jnp.stack(theirs)
    means = jax.lax.map(lambda other: mean_where(*apart(other)), stacked)
    least, defined = apart(stacked[jnp.nanargmin(means, axis=0), 0])

    def one(other: Array) -> tuple[Array, Array]:
        distance, kept = apart(other)
        kept &= defined
        further = mean_where(distance - least, kept)
        variance = mean_where((distance - least - further[:, None]) ** 2, kept)
        return further, jnp.sqrt(variance / jnp.sum(kept, axis=1))

    found: tuple[Array, Array] = jax.lax.map(one, stacked)
    return found
