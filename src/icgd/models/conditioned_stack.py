"""Self-attention alone, told which objective to descend on: the control of the blocks with MLPs.

The objective is appended to the inputs of every token, so that every product of a layer can depend on it.
"""

import dataclasses

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.attention_stack import Transformer, attention_stack
from icgd.models.layers import Kernel
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression
from icgd.tasks.objective_regression import ObjectiveRegression


class Conditioned(Learner):
    """A stack that reads (x, o) in place of x."""

    stack: Transformer

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions after each layer."""
        assert prompt.objective is not None
        spread = jnp.broadcast_to(prompt.objective, (len(prompt.x), len(prompt.objective)))
        x = jnp.concatenate([prompt.x, spread], axis=-1)
        query = jnp.concatenate([prompt.query, prompt.objective])
        return self.stack.trajectory(dataclasses.replace(prompt, x=x, query=query))


def conditioned_stack(
    task: ObjectiveRegression,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 3,
    heads: PositiveInt = 1,
    kernel: Kernel = "linear",
    initial_scale: PositiveFloat = 1.0,
) -> Conditioned:
    """Untrained layers for the task's inputs and three objectives."""
    widened = LinearRegression(task.dimension + 3, task.context_length)
    stack = attention_stack(
        widened, key, layers=layers, heads=heads, kernel=kernel, initial_scale=initial_scale
    )
    return Conditioned(stack)
