"""Linear regression as a sequence: after every example the label of the next input is asked for.

A prompt of N examples and a query is read from left to right. After n = 1 … N of its examples a learner
predicts the label of the next input: that of example n + 1 or, after the last, of the query. Before the first
example every learner here predicts zero, so that position is left out. A prediction may depend only on the
examples before it; the labels of later ones are in the prompt because they are examples for what follows.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression


class RegressionSequences(LinearRegression):
    """The prompts of `LinearRegression`, each with a target after every one of its examples."""

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, "n m"]]:
        """One prompt in float32 and the labels [n m] that follow its examples, the last one noise-free."""
        prompt, label = super().sample(key)
        return prompt, jnp.concatenate([prompt.y[1:], label[None]])

    def loss(self, prediction: Float[Array, "n m"], target: Float[Array, "n m"]) -> Float[Array, ""]:
        """½‖ŷ − y‖², mean over positions."""
        return 0.5 * jnp.mean(jnp.sum((prediction - target) ** 2, axis=-1))


def following(prompt: Prompt) -> Float[Array, "n d"]:
    """The inputs whose labels are asked for: those of examples 2 … N, then the query's."""
    return jnp.concatenate([prompt.x[1:], prompt.query[None]])
