"""Sequences whose next token can be told only from the sequence itself.

`TiledSegments` repeats a random segment, as Olsson et al. (2022) do to find induction heads;
`MarkovChains` draws a fresh transition matrix per sequence, so that a token has several followers.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from icgd.prompt import TokenPrompt
from icgd.ranges import NonNegativeInt, PositiveFloat, PositiveInt
from icgd.task import TokenTask


class TiledSegments(TokenTask):
    """A segment of independent uniform tokens, tiled over the context.

    Its length is `period` or, where that is 0, uniform on shortest … longest.
    """

    vocabulary: PositiveInt = eqx.field(static=True, default=32)
    length: PositiveInt = eqx.field(static=True, default=48)
    shortest: PositiveInt = eqx.field(static=True, default=4)
    longest: PositiveInt = eqx.field(static=True, default=24)
    period: NonNegativeInt = eqx.field(static=True, default=0)

    def __check_init__(self) -> None:
        if self.shortest > self.longest:
            raise ValueError(
                f"shortest is {self.shortest} but longest is {self.longest}; choose shortest ≤ longest"
            )

    def sample(self, key: Key[Array, ""]) -> tuple[TokenPrompt, Int[Array, " n"]]:
        """One sequence of `length` tokens and the token that follows each."""
        segment_key, period_key = jax.random.split(key)
        reach = max(self.longest, self.period)
        segment = jax.random.randint(segment_key, (reach,), 0, self.vocabulary, jnp.int32)
        drawn = jax.random.randint(period_key, (), self.shortest, self.longest + 1)
        tokens = segment[jnp.arange(self.length + 1) % (self.period or drawn)]
        return TokenPrompt(tokens[:-1]), tokens[1:]


class MarkovChains(TokenTask):
    """A chain on `states` tokens drawn from the vocabulary; rows of its matrix ~ Dirichlet(concentration).

    The smaller the concentration, the fewer followers a token has.
    """

    vocabulary: PositiveInt = eqx.field(static=True, default=32)
    length: PositiveInt = eqx.field(static=True, default=64)
    states: PositiveInt = eqx.field(static=True, default=8)
    concentration: PositiveFloat = 0.1

    def __check_init__(self) -> None:
        if self.states > self.vocabulary:
            raise ValueError(f"states is {self.states} but the vocabulary has only {self.vocabulary} tokens")

    def sample(self, key: Key[Array, ""]) -> tuple[TokenPrompt, Int[Array, " n"]]:
        """One sequence of `length` tokens and the token that follows each."""
        names_key, matrix_key, path_key, start_key = jax.random.split(key, 4)
        names = jax.random.permutation(names_key, self.vocabulary)[: self.states].astype(jnp.int32)
        weights = jnp.full(self.states, self.concentration, jnp.float32)
        matrix = jax.random.dirichlet(matrix_key, weights, (self.states,), jnp.float32)
        noise = jax.random.gumbel(path_key, (self.length + 1, self.states), jnp.float32)

        def step(state: Int[Array, ""], noise: Float[Array, " states"]) -> tuple[Array, Array]:
            return jnp.argmax(jnp.log(matrix[state]) + noise).astype(jnp.int32), state

        start = jax.random.randint(start_key, (), 0, self.states, jnp.int32)
        _, path = jax.lax.scan(step, start, noise)
        tokens = names[path]
        return TokenPrompt(tokens[:-1]), tokens[1:]
