"""GD++ with an (η, γ) per step at depths where `icgd.algorithms.descent` takes long to fit it.

What differs is how the optimum is found: over logarithms, as rates span ten decades, and from a start that is
stable at any depth. Evaluation is by eigenvalue.
"""

import dataclasses
import functools
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from annotated_types import Ge, Le
from jaxtyping import Array, Float, Key

from icgd.algorithms.rate_fits import GUARD, remaining_error
from icgd.algorithms.spectral_filters import Nodes, SpectralFilter, spectrum
from icgd.prompt import Prompt
from icgd.task import Task

DEEPEST = 12
Depth = Annotated[int, Ge(1), Le(DEEPEST)]
ITERATIONS = 150
UNUSED = -1e3
"""The logarithm of a rate that is zero."""


class StepwiseDescent(SpectralFilter):
    """GD++ with rates η_k and shrinkages γ_k per example; they are zero beyond its K steps."""

    learning_rates: Float[Array, " deepest"]
    shrinkages: Float[Array, " deepest"]

    def response(self, eigenvalues: Float[Array, "*k"]) -> Float[Array, "*k"]:
        """p(λ) = 1 − Q_K(λ)."""
        return 1 - remaining_error(eigenvalues, self.learning_rates, self.shrinkages)

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "StepwiseDescent":
        """With the rates of least loss for the prompts' spectra.

        The search sees binned spectra, between whose nodes a polynomial of high degree may explode: if it
        does so on single eigenvalues, the start is kept.
        """
        nodes = spectrum(prompts)
        first = stable_start(GUARD * nodes.largest, int(np.sum(self.learning_rates > 0)))
        sample = jnp.full(nodes.sample.shape, 1 / len(nodes.sample))
        tried = [jnp.asarray(logs) for logs in (first, _descend(first, nodes))]
        losses = [float(_loss(logs, nodes.sample, sample)[0]) for logs in tried]
        learning_rates, shrinkages = jnp.exp(tried[int(np.nanargmin(losses))])
        return dataclasses.replace(self, learning_rates=learning_rates, shrinkages=shrinkages)


def stable_start(largest: float, steps: int) -> np.ndarray:
    """Logarithms of η_k and γ_k [2, deepest] that are stable for eigenvalues up to `largest`, a = 4/(3γ_1).

    λ ↦ λ(1 − γλ)² takes [0, a] to [0, a/9] as Chebyshev's polynomial of degree three does: γ_k = 9^(k−1) γ_1.
    With η_k = γ_k, what is left of the error is Q_k² = λ_k/λ_0, at most a/(9^k λ_0).
    """
    logs = np.full((2, DEEPEST), UNUSED)
    logs[:, :steps] = np.log(4 / (3 * largest)) + np.log(9.0) * np.arange(steps)
    logs[1, steps - 1] = UNUSED  # the last shrinkage has no effect
    return logs


@jax.jit
@functools.partial(jax.value_and_grad, argnums=0)
def _loss(logs: Float[Array, "2 k"], values: Array, weights: Array) -> Float[Array, ""]:
    rates, shrinkages = jnp.exp(logs)
    return jnp.log(jnp.sum(weights * remaining_error(values, rates, shrinkages) ** 2))


def _descend(start: np.ndarray, nodes: Nodes) -> np.ndarray:
    """Logarithms [2, deepest] at the optimum that is reached from a start; what is unused there stays so."""
    free = start > UNUSED

    def filled(flat: np.ndarray) -> np.ndarray:
        logs = start.copy()
        logs[free] = flat
        return logs

    def both(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = map(np.asarray, _loss(jnp.asarray(filled(flat)), nodes.values, nodes.weights))
        known = np.isfinite(value) and np.isfinite(slope).all()
        return (float(value), slope[free]) if known else (1e3, np.zeros_like(flat))

    found = scipy.optimize.minimize(
        both, start[free].ravel(), jac=True, method="BFGS", options={"gtol": 1e-5, "maxiter": ITERATIONS}
    )
    return filled(found.x)


def stepwise_descent(task: Task, key: Key[Array, ""], *, steps: Depth) -> StepwiseDescent:
    """K steps, their rates still to be fitted."""
    return StepwiseDescent(1.0 * (jnp.arange(DEEPEST) < steps), jnp.zeros(DEEPEST))
