"""Newton's iteration for the inverse of XᵀX, which Fu et al. 2023 hold deep transformers to compute."""

import dataclasses
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from icgd.algorithms.spectral_filters import SpectralFilter, best_between, spectrum
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt
from icgd.task import Task

POWERS = {"identity": 1.0, "gram": 2.0}


class NewtonInverse(SpectralFilter):
    """K steps of M ← M(2I − SM), S = XᵀX, from M = αI or M = αS; Ŵ = YᵀXM.

    Each step squares the error I − SM, so that p(λ) = 1 − (1 − αλ^r)^(2^K) with r = 1 or 2. From αI these are
    the 2^K steps of gradient descent with the rate α.
    """

    scale: Float[Array, ""]
    steps: Float[Array, ""]
    power: Float[Array, ""]
    """r. Like the number of steps no static field, so that all of these filters are one program."""

    def response(self, eigenvalues: Float[Array, "*k"]) -> Float[Array, "*k"]:
        """p(λ)."""
        error = 1 - self.scale * eigenvalues**self.power
        return 1 - jnp.abs(error) ** (2.0**self.steps)

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "NewtonInverse":
        """With the α of least loss for the prompts' spectra."""
        nodes, power = spectrum(prompts), float(self.power)
        mean = float(jnp.sum(nodes.values * nodes.weights) / jnp.sum(nodes.weights))
        low, high = np.log([0.01 / nodes.largest**power, 2.0 / mean**power])
        return best_between(
            lambda z: dataclasses.replace(self, scale=jnp.asarray(np.exp(z))), nodes, low, high
        )


def newton(
    task: Task, key: Key[Array, ""], *, steps: PositiveInt, start: Literal["identity", "gram"]
) -> NewtonInverse:
    """K steps from αI or αS, the scale α still to be fitted."""
    return NewtonInverse(jnp.ones(()), jnp.asarray(float(steps)), jnp.asarray(POWERS[start]))
