"""Linear regression from a finite set of prompts: training on one fixed batch (TLIG, figure 16)."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Key

from icgd.prompt import Prompt
from icgd.ranges import NonNegativeInt
from icgd.tasks.linear_regression import LinearRegression

SET = 16
"""The key of the set of prompts: it is the same for all seeds, whose batches are drawn from it."""


class FiniteRegression(LinearRegression):
    """Prompts of linear functions, of which there are only `distinct`; 0 for fresh ones without end."""

    distinct: NonNegativeInt = eqx.field(static=True, default=0)

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """One prompt, drawn with replacement from the set, and its target."""
        if self.distinct:
            index = jax.random.randint(key, (), 0, self.distinct)
            key = jax.random.fold_in(jax.random.key(SET), index)
        return super().sample(key)
