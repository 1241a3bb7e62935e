"""What an in-context learner is: anything that predicts from a prompt."""

import abc
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float


class Learner(eqx.Module):
    """A trained transformer, a constructed one, gradient descent, ridge: they share this call.

    On a `Prompt` the prediction is a label [m], or for sequences of examples one after each of them [n m]; on
    a `TokenPrompt` it is logits [n v]. Learners with a notion of depth return their prediction after every
    layer or step from `trajectory`; the last entry is the prediction.
    """

    @abc.abstractmethod
    def trajectory(self, prompt: Any) -> Float[Array, "steps ..."]:
        """Predictions after each layer or step."""

    def __call__(self, prompt: Any) -> Float[Array, "..."]:
        """The prediction for the prompt."""
        return self.trajectory(prompt)[-1]
