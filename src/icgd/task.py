"""What a task is: a law of prompts and their targets, and the loss of a prediction."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from icgd.prompt import Prompt, TokenPrompt


class Task(eqx.Module):
    """A distribution over (prompt, target). A shift of it is the task with other options."""

    @abc.abstractmethod
    def sample(self, key: Key[Array, ""]) -> tuple[Any, Array]:
        """Draw one prompt and its target."""

    @abc.abstractmethod
    def loss(self, prediction: Array, target: Array) -> Float[Array, ""]:
        """The loss of the prediction for one prompt."""


class RegressionTask(Task):
    """Prompts of labelled examples; the target is the label [m] of the query."""

    @abc.abstractmethod
    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """Draw one prompt and the target [m] of its query."""

    def loss(self, prediction: Float[Array, " m"], target: Float[Array, " m"]) -> Float[Array, ""]:
        """½‖ŷ − y‖² (von Oswald et al. 2023, equation 4)."""
        return 0.5 * jnp.sum((prediction - target) ** 2)


class TokenTask(Task):
    """Sequences of tokens; the targets are the next tokens [n]."""

    @abc.abstractmethod
    def sample(self, key: Key[Array, ""]) -> tuple[TokenPrompt, Int[Array, " n"]]:
        """Draw one sequence and the token that follows each of its positions."""

    def loss(self, prediction: Float[Array, "n v"], target: Int[Array, " n"]) -> Float[Array, ""]:
        """Mean cross-entropy of the logits in nats per token."""
        logits = jax.nn.log_softmax(prediction)
        return -jnp.mean(jnp.take_along_axis(logits, target[:, None], axis=1))
