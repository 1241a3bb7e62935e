"""What a task is: a law of prompts and their targets."""

import abc

import equinox as eqx
from jaxtyping import Array, Float, Key

from icgd.prompt import Prompt


class Task(eqx.Module):
    """A distribution over (prompt, target). A shift of it is the task with other options."""

    @abc.abstractmethod
    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """Draw one prompt and the target [m] of its query."""
