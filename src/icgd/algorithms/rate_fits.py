"""Rates of GD and GD++ at the optimum of the population loss.

Both act on each eigenvalue s of XᵀX/N₀ alone. With Q the factor left of the error and P that of the
inputs, a step is λ = sP², Q ← Q(1 − ηλ), P ← P(1 − γλ), so for W ~ N(0, I) and isotropic inputs the
loss is proportional to E Σ_i Q_K(s_i)²: no W, query or label has to be sampled, and the expectation is
an integral over the mean spectral density.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float

COARSE, FINE = 4096, 65536
GUARD = 1.25
SCALES = (0.25, 0.5, 1.0)  # of the first rates, in units of 1 / the mean eigenvalue
RATIOS = (1.5, 3.0, 9.0)  # of one more step's rate to the last one's
SHARES = (1.0, 2.0)  # of the shrinkage before it to the last one's rate


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


def _extended(rates: np.ndarray) -> list[np.ndarray]:
    """Starts for one more step: its rate and the shrinkage before it are multiples of the last rate."""
    last = rates[0, -1]
    starts = [[[*rates[0], ratio * last]] for ratio in RATIOS]
    if len(rates) == 2:
        starts = [[*one, [*rates[1, :-1], share * last, 0.0]] for one in starts for share in SHARES]
    return [np.array(start) for start in starts]


def _for_all_steps(rates: Float[Array, "h f"], steps: int) -> Float[Array, "2 k"]:
    """Rates and shrinkages of every step; without a second row there is no shrinkage."""
    both = jnp.concatenate([rates, jnp.zeros_like(rates)])[:2]
    return jnp.broadcast_to(both, (2, steps))


@partial(jax.jit, static_argnums=2)
@jax.value_and_grad
def _objective(rates: Float[Array, "h f"], nodes: tuple[Array, Array], steps: int) -> Float[Array, ""]:
    values, weights = nodes
    error = remaining_error(values, *_for_all_steps(rates, steps))
    # The logarithm keeps BFGS's steps in scale where a rare eigenvalue makes the sum explode.
    return jnp.log(jnp.sum(weights * error**2))


def fit_rates(density: Density, steps: int, per_step: bool, curvature: bool) -> Float[Array, "2 k"]:
    """Rates η and shrinkages γ (each [steps]) that minimise E Σ_i Q_K(s_i)².

    Deterministic: BFGS on a coarse density, free rates for one step more at a time, each time from the
    best so far; then on a fine one. The coarse one is always guarded, as without it a longer start explodes.
    """
    halves = 1 + curvature

    def best(starts: list[np.ndarray], nodes: tuple[Array, Array], count: int) -> np.ndarray:
        def both(flat: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = map(np.asarray, _objective(flat.reshape(halves, -1), nodes, count))
            finite = np.isfinite(value) and np.isfinite(slope).all()
            return (float(value), slope.ravel()) if finite else (1e3, np.zeros_like(flat))

        def descend(start: np.ndarray) -> scipy.optimize.OptimizeResult:
            return scipy.optimize.minimize(
                both, start.ravel(), jac=True, method="BFGS", options={"gtol": 1e-8}
            )

        found = [descend(start) for start in starts]
        return min(found, key=lambda one: one.fun).x.reshape(halves, -1)

    coarse, fine = density._replace(guard=max(density.guard, GUARD)).nodes(COARSE), density.nodes(FINE)
    mean = density.eigenvalues.sum() / len(density.eigenvalues)
    starts = [np.array([[scale], [0.3 * scale]])[:halves] / mean for scale in SCALES]
    rates = best(starts, coarse, 1 if per_step else steps)
    for count in range(2, steps + 1) if per_step else ():
        rates = best(_extended(rates), coarse, count)
    return _for_all_steps(jnp.asarray(best([rates], fine, steps)), steps)
