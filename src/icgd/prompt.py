"""A prompt: what an in-context learner is allowed to see.

The target is not part of it, so that no learner can leak it. A prompt has no batch axis; stacks of
prompts are the same class with leading axes, and callers `jax.vmap` over them.
"""

import equinox as eqx
from jaxtyping import Array, Float, Int


class Prompt(eqx.Module):
    """N labelled examples and one query (von Oswald et al. 2023, section 2)."""

    x: Float[Array, "*batch n d"]
    y: Float[Array, "*batch n m"]
    query: Float[Array, "*batch d"]
    objective: Float[Array, "*batch o"] | None = None
    """Weights of the objectives that the reader is asked for; None where the task has but one."""


class Queried(Prompt):
    """A prompt with several queries, each answered as if it were the only one."""

    query: Float[Array, "*queries d"]


class TokenPrompt(eqx.Module):
    """A sequence of tokens, each in turn the query: learners predict the next one at every position.

    The prediction at a position may depend only on the tokens up to it.
    """

    tokens: Int[Array, "*batch n"]


KINDS: dict[str, type[Prompt] | type[TokenPrompt]] = {
    kind.__name__: kind for kind in (Prompt, Queried, TokenPrompt)
}
"""The classes that stored prompts can be of, by name."""
