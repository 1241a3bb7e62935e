"""Gradient descent that remembers: averaged iterates, momentum, and Chebyshev's semi-iteration.

On an eigenvector of XᵀX with eigenvalue λ each is a recurrence for the factor q_k that is left of the error
after k steps, q_0 = 1. All depths run through the `LONGEST` loop and rest after their own number of steps, so
that they are one program.
"""

import abc
import dataclasses
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Ge, Le
from jaxtyping import Array, Float, Key

from icgd.algorithms.spectral_filters import SpectralFilter, best_between, best_from, spectrum
from icgd.prompt import Prompt
from icgd.task import Task

LONGEST = 12
Depth = Annotated[int, Ge(2), Le(LONGEST)]
"""One step of any of them is one gradient step."""


class SemiIteration(SpectralFilter):
    """K steps of a recurrence in q_k and whatever else it remembers."""

    steps: Float[Array, ""]

    @abc.abstractmethod
    def start(self, eigenvalues: Float[Array, "*k"]) -> Any:
        """What is remembered before the first step."""

    @abc.abstractmethod
    def advance(self, step: Array, state: Any, eigenvalues: Float[Array, "*k"]) -> Any:
        """What is remembered after a step, counted from 0."""

    @abc.abstractmethod
    def left(self, state: Any) -> Float[Array, "*k"]:
        """The factor that is left of the error."""

    def response(self, eigenvalues: Float[Array, "*k"]) -> Float[Array, "*k"]:
        """p(λ) = 1 − q_K."""

        def body(step: Array, state: Any) -> Any:
            moved = self.advance(step, state, eigenvalues)
            return jax.tree.map(lambda new, old: jnp.where(step < self.steps, new, old), moved, state)

        return 1 - self.left(jax.lax.fori_loop(0, LONGEST, body, self.start(eigenvalues)))


class AveragedDescent(SemiIteration):
    """The mean of the K iterates after the first step on, with one rate (Polyak and Juditsky 1992)."""

    rate: Float[Array, ""]

    def start(self, eigenvalues: Float[Array, "*k"]) -> Any:
        """q of the iterate and the sum of those so far."""
        return jnp.ones_like(eigenvalues), jnp.zeros_like(eigenvalues)

    def advance(self, step: Array, state: Any, eigenvalues: Float[Array, "*k"]) -> Any:
        """A gradient step."""
        q = state[0] * (1 - self.rate * eigenvalues)
        return q, state[1] + q

    def left(self, state: Any) -> Float[Array, "*k"]:
        """The mean."""
        return state[1] / self.steps

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "AveragedDescent":
        """With the rate of least loss for the prompts' spectra."""
        nodes = spectrum(prompts)
        low, high = np.log([0.01 / nodes.largest, 20.0 / nodes.largest])
        return best_between(
            lambda z: dataclasses.replace(self, rate=jnp.asarray(np.exp(z))), nodes, low, high
        )


class Momentum(SemiIteration):
    """Descent with the heavy ball of Polyak 1964: w ← w − η∇ + β(w − w_before)."""

    rate: Float[Array, ""]
    memory: Float[Array, ""]
    """β."""

    def start(self, eigenvalues: Float[Array, "*k"]) -> Any:
        """q of the iterate and of the one before."""
        return jnp.ones_like(eigenvalues), jnp.ones_like(eigenvalues)

    def advance(self, step: Array, state: Any, eigenvalues: Float[Array, "*k"]) -> Any:
        """A gradient step and a part of the last move."""
        q, before = state
        return q * (1 - self.rate * eigenvalues) + self.memory * (q - before), q

    def left(self, state: Any) -> Float[Array, "*k"]:
        """q of the iterate."""
        return state[0]  # type: ignore[no-any-return]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "Momentum":
        """With the rate and the β in (0, 1) of least loss for the prompts' spectra."""
        nodes = spectrum(prompts)

        def make(z: np.ndarray) -> Momentum:
            rate, memory = jnp.exp(z[0]) / nodes.largest, jax.nn.sigmoid(jnp.asarray(z[1]))
            return dataclasses.replace(self, rate=rate, memory=memory)

        return best_from(make, nodes, [(0.5, -2.0), (0.0, 0.0), (1.0, 0.0)])


class Chebyshev(SemiIteration):
    """The semi-iteration whose error is Chebyshev's polynomial on [a, b] (Golub and Varga 1961).

    q_{k+1} = ω_k (1 − 2λ/(a + b)) q_k + (1 − ω_k) q_{k−1}, with ω_0 = 1, ω_1 = 2/(2 − ρ²),
    ω_k = 1/(1 − ρ²ω_{k−1}/4) and ρ = (b − a)/(b + a).
    """

    low: Float[Array, ""]
    high: Float[Array, ""]

    def start(self, eigenvalues: Float[Array, "*k"]) -> Any:
        """q of the iterate and of the one before, and the last ω."""
        one = jnp.ones_like(eigenvalues)
        return one, one, jnp.ones((), eigenvalues.dtype)

    def advance(self, step: Array, state: Any, eigenvalues: Float[Array, "*k"]) -> Any:
        """A step over both."""
        q, before, last = state
        squared = ((self.high - self.low) / (self.high + self.low)) ** 2
        later = jnp.where(step == 1, 2 / (2 - squared), 1 / (1 - squared * last / 4))
        weight = jnp.where(step == 0, 1.0, later)
        moved = weight * (1 - 2 * eigenvalues / (self.low + self.high)) * q + (1 - weight) * before
        return moved, q, weight

    def left(self, state: Any) -> Float[Array, "*k"]:
        """q of the iterate."""
        return state[0]  # type: ignore[no-any-return]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "Chebyshev":
        """With the interval of least loss for the prompts' spectra."""
        nodes = spectrum(prompts)

        def make(z: np.ndarray) -> Chebyshev:
            high = jnp.exp(z[0]) * nodes.largest
            return dataclasses.replace(self, low=jax.nn.sigmoid(jnp.asarray(z[1])) * high, high=high)

        return best_from(make, nodes, [(0.0, -2.0), (-0.5, -1.0), (0.2, -4.0)])


def averaged_descent(task: Task, key: Key[Array, ""], *, steps: Depth) -> AveragedDescent:
    """The averaged iterates, their rate still to be fitted."""
    return AveragedDescent(jnp.asarray(float(steps)), jnp.ones(()))


def momentum(task: Task, key: Key[Array, ""], *, steps: Depth) -> Momentum:
    """Descent with a heavy ball, its rate and memory still to be fitted."""
    return Momentum(jnp.asarray(float(steps)), jnp.ones(()), jnp.zeros(()))


def chebyshev(task: Task, key: Key[Array, ""], *, steps: Depth) -> Chebyshev:
    """Chebyshev's semi-iteration, its interval still to be fitted."""
    return Chebyshev(jnp.asarray(float(steps)), jnp.zeros(()), jnp.ones(()))
