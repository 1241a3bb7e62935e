"""Algorithms that act on each eigenvector of the prompt's XᵀX alone, and their parameters at the optimum.

Along an eigenvector v with eigenvalue λ such an algorithm finds a share p(λ) of the weights, vᵀŵ = p(λ) vᵀw.
For W ~ N(0, I), isotropic inputs and clean labels its loss is proportional to E Σ_i (1 − p(λ_i))², so that
only spectra have to be sampled to fit it (as in `icgd.algorithms.rate_fits`).
"""

import abc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Key

from icgd.algorithms.rate_fits import GUARD, spectral_density
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat
from icgd.task import Task

NEGLIGIBLE = 1e-13
"""Eigenvalues below this share of the largest are rounding: with fewer examples than inputs some vanish."""
BINS = 2048
DEPTH = 1e-9
"""The bins of eigenvalues reach down to this share of the largest, in equal ratios."""
SAMPLE = 131072
BEYOND = 64
"""Nodes between the largest eigenvalue seen and the guard."""


class SpectralFilter(Learner):
    """ŷ = Σ_i p(λ_i)/λ_i (Yᵀ X v_i)(v_iᵀ x_q) over the eigenvectors v_i of XᵀX."""

    @abc.abstractmethod
    def response(self, eigenvalues: Float[Array, "*k"]) -> Float[Array, "*k"]:
        """p(λ), the share of the weights that is found along an eigenvector with eigenvalue λ > 0."""

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction; nothing is predicted along directions that no example has."""
        values, vectors = jnp.linalg.eigh(prompt.x.T @ prompt.x)
        seen = values > NEGLIGIBLE * values[-1]
        safe = jnp.where(seen, values, 1.0)
        inverse = jnp.where(seen, self.response(safe) / safe, 0.0)
        return ((prompt.y.T @ prompt.x @ vectors * inverse) @ (vectors.T @ prompt.query))[None]


class RidgeFilter(SpectralFilter):
    """Ridge regression, p(λ) = λ/(λ + penalty)."""

    penalty: Float[Array, ""]

    def response(self, eigenvalues: Float[Array, "*k"]) -> Float[Array, "*k"]:
        """p(λ)."""
        return eigenvalues / (eigenvalues + self.penalty)


def ridge(task: Task, key: Key[Array, ""], *, penalty: PositiveFloat) -> RidgeFilter:
    """Ridge regression with a penalty from the config."""
    return RidgeFilter(jnp.asarray(penalty))


@dataclass(frozen=True, eq=False)
class Nodes:
    """Eigenvalues with weights; nodes are themselves alone, so that what is found for them can be kept."""

    values: Float[Array, " k"]
    weights: Float[Array, " k"]
    largest: float
    """The largest eigenvalue seen."""
    sample: Float[Array, " s"]
    """Single eigenvalues, which catch a polynomial that is small at the nodes and large between them."""


_last: list[tuple[Array, Nodes]] = []


def spectrum(prompts: Prompt) -> Nodes:
    """Nodes for many prompts' eigenvalues of XᵀX, kept for the next algorithm that is fitted on the same."""
    if not (_last and _last[0][0] is prompts.x):
        _last[:] = [(prompts.x, _nodes(spectral_density(prompts.x, 1, GUARD).eigenvalues, len(prompts.x)))]
    return _last[0][1]


def _nodes(eigenvalues: np.ndarray, prompts: int) -> Nodes:
    """Means of bins in equal ratios, as many eigenvalues are small; the guard weighs as much as a prompt."""
    found = np.maximum(eigenvalues, 0)
    largest = found[-1]
    edges = np.concatenate([[0], np.geomspace(DEPTH * largest, largest, BINS)])
    count, _ = np.histogram(found, edges)
    total, _ = np.histogram(found, edges, weights=found)
    full = count > 0
    beyond = np.linspace(largest, GUARD * largest, BEYOND)
    values = np.concatenate([total[full] / count[full], beyond])
    weights = np.concatenate([count[full] / prompts, np.full(BEYOND, 1 / (BEYOND * prompts))])
    sample = found[:: max(1, len(found) // SAMPLE)]
    return Nodes(jnp.asarray(values), jnp.asarray(weights), float(largest), jnp.asarray(sample))


F = TypeVar("F", bound=SpectralFilter)


@eqx.filter_jit
def _log_loss(found: SpectralFilter, values: Array, weights: Array) -> Float[Array, ""]:
    return jnp.log(jnp.sum(weights * (1 - found.response(values)) ** 2))


def log_loss(found: SpectralFilter, nodes: Nodes) -> float:
    """The logarithm of E Σ_i (1 − p(λ_i))², a large number where it has none."""
    value = float(_log_loss(found, nodes.values, nodes.weights))
    return value if np.isfinite(value) else 1e3


def best_between(make: Callable[[float], F], nodes: Nodes, low: float, high: float) -> F:
    """The filter of least loss among make(z), low < z < high, by bounded search."""
    found = scipy.optimize.minimize_scalar(
        lambda z: log_loss(make(z), nodes), bounds=(low, high), method="bounded", options={"xatol": 1e-5}
    )
    return make(float(found.x))


def best_from(make: Callable[[np.ndarray], F], nodes: Nodes, starts: Sequence[Sequence[float]]) -> F:
    """The filter of least loss among make([z, …]), by the simplex search from each of several starts."""

    def loss(z: np.ndarray) -> float:
        return log_loss(make(z), nodes)

    found = [scipy.optimize.minimize(loss, np.array(start).ravel(), method="Nelder-Mead") for start in starts]
    return make(min(found, key=lambda one: one.fun).x)
