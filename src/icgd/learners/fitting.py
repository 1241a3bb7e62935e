"""Rates of GD and GD++ at the optimum of the population loss.

Both act on each eigenvalue s of XᵀX/N₀ alone. With Q the factor left of the error and P that of the
inputs, a step is λ = sP², Q ← Q(1 − ηλ), P ← P(1 − γλ), so for W ~ N(0, I) and isotropic inputs the
loss is proportional to E Σ_i Q_K(s_i)²: no W, query or label has to be sampled, and the expectation is
an integral over the mean spectral density.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import optimize

COARSE, FINE = 4096, 65536
POLISHED = 3


class Density(NamedTuple):
    """Eigenvalues of XᵀX/N₀ of all prompts, sorted, and the guard beyond the largest of them."""

    eigenvalues: np.ndarray
    prompts: int
    guard: float

    def nodes(self, bins: int) -> tuple[Array, Array]:
        """Values and weights of a histogram; the guard interval weighs as much as one prompt."""
        edges = np.linspace(0, self.eigenvalues[-1], bins + 1)
        count, _ = np.histogram(self.eigenvalues, edges)
        total, _ = np.histogram(self.eigenvalues, edges, weights=self.eigenvalues)
        full = count > 0
        values, weights = total[full] / count[full], count[full] / self.prompts
        if self.guard > 1:
            beyond = np.linspace(self.eigenvalues[-1], self.guard * self.eigenvalues[-1], 64)
            values = np.concatenate([values, beyond])
            weights = np.concatenate([weights, np.full(64, 1 / (64 * self.prompts))])
        return jnp.asarray(values), jnp.asarray(weights)


def spectral_density(x: Float[Array, "p n d"], normaliser: int, guard: float) -> Density:
    """The eigenvalues of XᵀX/N₀ of many prompts."""
    inputs = np.asarray(x, np.float32)
    found = np.linalg.eigvalsh(np.swapaxes(inputs, 1, 2) @ inputs / normaliser)
    return Density(np.sort(found.ravel().astype(float)), len(inputs), guard)


def remaining_error(
    eigenvalue: Float[Array, "..."], rates: Float[Array, " k"], shrinkages: Float[Array, " k"]
) -> Float[Array, "..."]:
    """Q_K(s), the factor by which K steps shrink the error along an eigenvector of XᵀX."""
    error, scale = jnp.ones_like(eigenvalue), jnp.ones_like(eigenvalue)
    for rate, shrinkage in zip(rates, shrinkages, strict=True):
        current = eigenvalue * scale**2
        error, scale = error * (1 - rate * current), scale * (1 - shrinkage * current)
    return error


def fit_rates(density: Density, steps: int, per_step: bool, curvature: bool) -> Float[Array, "2 k"]:
    """Rates η and shrinkages γ (each [steps]) that minimise E Σ_i Q_K(s_i)².

    Deterministic: BFGS from seeded random starts on a coarse density, the best polished on a fine one.
    """
    free = steps if per_step else 1

    def unpack(parameters: Float[Array, " f"]) -> Float[Array, "2 k"]:
        halves = [parameters[:free], parameters[free:] if curvature else jnp.zeros(free)]
        return jnp.stack([jnp.broadcast_to(half, (steps,)) for half in halves])

    def objective(parameters: Float[Array, " f"], nodes: tuple[Array, Array]) -> Float[Array, ""]:
        values, weights = nodes
        # The logarithm keeps BFGS's steps in scale where a rare eigenvalue makes the sum explode.
        return jnp.log(jnp.sum(weights * remaining_error(values, *unpack(parameters)) ** 2))

    evaluate = jax.jit(jax.value_and_grad(objective))

    def descend(start: np.ndarray, nodes: tuple[Array, Array]) -> tuple[float, np.ndarray]:
        def both(parameters: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = evaluate(jnp.asarray(parameters), nodes)
            finite = bool(jnp.isfinite(value)) and bool(jnp.isfinite(slope).all())
            return (float(value), np.asarray(slope)) if finite else (1e3, np.zeros_like(parameters))

        found = optimize.minimize(both, start, jac=True, method="BFGS", options={"gtol": 1e-8})
        return float(found.fun), found.x

    generator = np.random.default_rng(0)
    count = 4 * free * (1 + curvature)
    mean = density.eigenvalues.sum() / len(density.eigenvalues)
    rates = generator.lognormal(np.log(0.5 / mean), 0.8, (count, free))
    rates[: count // 2].sort(axis=1)  # what GD++ needs: rates that grow as the inputs shrink
    starts = [rates, generator.lognormal(np.log(0.15 / mean), 0.5, (count, free))][: 1 + curvature]
    coarse, fine = density.nodes(COARSE), density.nodes(FINE)
    first = [descend(start, coarse) for start in np.concatenate(starts, axis=1)]
    best = sorted(first, key=lambda found: found[0])[:POLISHED]
    return unpack(jnp.asarray(min((descend(x, fine) for _, x in best), key=lambda found: found[0])[1]))
