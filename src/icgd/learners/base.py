"""What an in-context learner is: anything that predicts from a prompt."""

import abc

import equinox as eqx
from jaxtyping import Array, Float

from icgd.prompt import Prompt


class Learner(eqx.Module):
    """A trained transformer, a constructed one, gradient descent, ridge: they share this call.

    Learners with a notion of depth return their prediction after every layer or step from
    `trajectory`; the last entry is the prediction.
    """

    @abc.abstractmethod
    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """Predictions after each layer or step."""

    def __call__(self, prompt: Prompt) -> Float[Array, " m"]:
        """The prediction [m] for the prompt's query."""
        return self.trajectory(prompt)[-1]
