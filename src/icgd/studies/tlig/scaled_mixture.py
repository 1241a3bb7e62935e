"""The source's other input laws (TLIG, figure 6 right, as its code has them).

For each prompt one of three laws, exponential (not centred), normal and Laplace, at equal chances. All
inputs of the context are divided by their Frobenius norm and multiplied by `input_scale`, the query by the
same factor, so that the root mean square of an input is input_scale/√(N D) whatever the law.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.task import RegressionTask


class ScaledMixture(RegressionTask):
    """Prompts of linear functions with one output and W ~ N(0, weight_scale²)."""

    dimension: PositiveInt = eqx.field(static=True, default=10)
    context_length: PositiveInt = eqx.field(static=True, default=10)
    input_scale: PositiveFloat = 1.0
    weight_scale: PositiveFloat = 1.0

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """One prompt in float32 and its target of shape [1]."""
        law, inputs, weights = jax.random.split(key, 3)
        shape = (self.context_length + 1, self.dimension)
        drawn = jnp.stack(
            [draw(inputs, shape, jnp.float32) for draw in (jax.random.exponential, jax.random.normal)]
            + [jax.random.laplace(inputs, shape, jnp.float32)]
        )[jax.random.randint(law, (), 0, 3)]
        x = self.input_scale * drawn / jnp.linalg.norm(drawn[:-1])
        y = x @ (self.weight_scale * jax.random.normal(weights, (self.dimension, 1), jnp.float32))
        return Prompt(x[:-1], y[:-1], x[-1]), y[-1]
