"""GD++ with an (η, γ) per step at depths where `icgd.algorithms.descent` takes long to fit it.

What differs is how the optimum is found: over logarithms, as rates span ten decades, and for all depths in
one go, each from the optimum of the one before. Evaluation is by eigenvalue.
"""

import dataclasses
import functools
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from annotated_types import Ge, Le
from jaxtyping import Array, Float, Key
from scipy import optimize

from icgd.algorithms.rate_fits import remaining_error
from icgd.algorithms.spectral_filters import Nodes, SpectralFilter, spectrum
from icgd.prompt import Prompt
from icgd.task import Task

DEEPEST = 12
Depth = Annotated[int, Ge(1), Le(DEEPEST)]
RATIOS = (9.0, 3.0)
"""Starts for a new rate over the last one. With shrinkages as large as the rates a step maps the spectrum as
Chebyshev's polynomial of degree three does, onto an interval a ninth as long."""
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
        """With the rates of least loss for the prompts' spectra."""
        found = optima(spectrum(prompts))[int(np.sum(self.learning_rates > 0)) - 1]
        return dataclasses.replace(self, learning_rates=found[0], shrinkages=found[1])


@jax.jit
@functools.partial(jax.value_and_grad, argnums=0)
def _loss(logs: Float[Array, "2 k"], values: Array, weights: Array) -> Float[Array, ""]:
    rates, shrinkages = jnp.exp(logs)
    return jnp.log(jnp.sum(weights * remaining_error(values, rates, shrinkages) ** 2))


def _descend(start: np.ndarray, nodes: Nodes, count: int) -> tuple[float, np.ndarray]:
    """The optimum from a start [2, deepest] of logarithms, of which the first so many steps are free."""
    free = np.zeros(start.shape, bool)
    free[0, :count] = free[1, : count - 1] = True  # the last shrinkage has no effect

    def both(flat: np.ndarray) -> tuple[float, np.ndarray]:
        logs = start.copy()
        logs[free] = flat
        value, slope = map(np.asarray, _loss(jnp.asarray(logs), nodes.values, nodes.weights))
        known = np.isfinite(value) and np.isfinite(slope).all()
        return (float(value), slope[free]) if known else (1e3, np.zeros_like(flat))

    found = optimize.minimize(
        both, start[free], jac=True, method="BFGS", options={"gtol": 1e-5, "maxiter": ITERATIONS}
    )
    logs = start.copy()
    logs[free] = found.x
    return float(found.fun), logs


@functools.lru_cache(maxsize=1)
def optima(nodes: Nodes) -> list[Float[Array, "2 deepest"]]:
    """Rates and shrinkages for 1, 2, … `DEEPEST` steps; each search starts where the one before has ended."""
    logs = np.full((2, DEEPEST), UNUSED)
    logs[0, 0] = np.log(1 / nodes.largest)
    _, logs = _descend(logs, nodes, 1)
    found = [logs]
    for count in range(2, DEEPEST + 1):
        starts = []
        for ratio in RATIOS:
            start = found[-1].copy()
            start[0, count - 1] = start[0, count - 2] + np.log(ratio)
            start[1, count - 2] = start[0, count - 2]
            starts.append(start)
        tried = [_descend(start, nodes, count) for start in starts]
        found.append(min(tried, key=lambda one: one[0])[1])
    return [jnp.exp(jnp.asarray(logs)) for logs in found]


def stepwise_descent(task: Task, key: Key[Array, ""], *, steps: Depth) -> StepwiseDescent:
    """K steps, their rates still to be fitted."""
    return StepwiseDescent(1.0 * (jnp.arange(DEEPEST) < steps), jnp.zeros(DEEPEST))
