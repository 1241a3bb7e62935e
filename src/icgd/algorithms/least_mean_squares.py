"""Gradient descent on one example after another."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression


class LeastMeanSquares(Learner):
    """One pass over the examples in their order: W ← W + η (y_j − W x_j) x_jᵀ (Widrow and Hoff 1960)."""

    learning_rate: Float[Array, ""]

    def trajectory(self, prompt: Prompt) -> Float[Array, "n m"]:
        """Predictions after each of the examples."""
        return one_pass(self.learning_rate, prompt) @ prompt.query


def one_pass(rate: Float[Array, ""], prompt: Prompt) -> Float[Array, "n m d"]:
    """The weights after each of the examples."""

    def step(weights: Array, example: tuple[Array, Array]) -> tuple[Array, Array]:
        x, y = example
        weights = weights + rate * jnp.outer(y - weights @ x, x)
        return weights, weights

    start = jnp.zeros((prompt.y.shape[-1], prompt.x.shape[-1]), prompt.y.dtype)
    return jax.lax.scan(step, start, (prompt.x, prompt.y))[1]


def least_mean_squares(task: LinearRegression, key: Key[Array, ""]) -> LeastMeanSquares:
    """One pass with the best rate for `task`, η = d σ²/E‖x‖⁴ at any number of examples.

    The error stays isotropic, and an example multiplies it by 1 − 2ησ² + η² E‖x‖⁴/d. `ValueError` for labels
    with noise, which would have to be weighed against it.
    """
    if task.label_noise or task.corrupted_labels:
        raise ValueError(
            "one pass has a closed form for clean labels; the task has label_noise = "
            f"{task.label_noise} and corrupted_labels = {task.corrupted_labels}, expected 0 and 0"
        )
    return LeastMeanSquares(jnp.asarray(task.dimension * task.input_variance / task.fourth_moment))
