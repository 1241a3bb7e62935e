"""Descent on an objective, as a learner, and the exact minimisers that it tends to.

L2 is least squares (`icgd.algorithms.least_squares`); L1 (least absolute deviations) and L∞ (Chebyshev)
are linear programs: min Σ_j t_j or min t subject to −t ≤ y − Xw ≤ t.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Key

from icgd.algorithms.least_squares import ordinary_least_squares
from icgd.learner import Learner
from icgd.objectives.dial import Dial, Objective, descend
from icgd.prompt import Prompt
from icgd.ranges import NonNegativeFloat, PositiveFloat, PositiveInt
from icgd.tasks.objective_regression import ObjectiveRegression


class ObjectiveDescent(Learner):
    """K steps of descent with a dial for each step."""

    rate: Float[Array, " steps"]
    temperature: Float[Array, " steps"]
    sharpness: Float[Array, " steps"]

    def dials(self) -> Dial:
        """The dial of every step."""
        return Dial(self.rate, self.temperature, self.sharpness)

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps 1"]:
        """Predictions after each of the steps."""
        return descend(prompt.x, prompt.y[:, 0], self.dials()) @ prompt.query[:, None]


class LinearProgram(Learner):
    """The exact L1 or L∞ fit, by SciPy's HiGHS solver."""

    largest: bool = eqx.field(static=True)
    """Whether the largest residual counts (L∞) or the sum of all (L1)."""

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 1"]:
        """The prediction of the fit; differentiable in the query alone."""
        shape = jax.ShapeDtypeStruct(prompt.x.shape[-1:], prompt.x.dtype)
        examples = jax.lax.stop_gradient((prompt.x, prompt.y))
        weights = jax.pure_callback(self._solve, shape, *examples, vmap_method="sequential")
        return (weights @ prompt.query)[None, None]

    def _solve(self, x: Array, y: Array) -> np.ndarray:
        return fit(np.asarray(x, float), np.asarray(y, float)[:, 0], self.largest).astype(x.dtype)


def fit(x: np.ndarray, y: np.ndarray, largest: bool) -> np.ndarray:
    """argmin_w of max_j |y_j − w·x_j| or of Σ_j |y_j − w·x_j|, for x [n d] and y [n]."""
    n, d = x.shape
    slack = np.ones((n, 1)) if largest else np.eye(n)
    cost = np.concatenate([np.zeros(d), np.ones(slack.shape[1])])
    bounds = [(None, None)] * d + [(0, None)] * slack.shape[1]
    rows, limits = np.block([[x, -slack], [-x, -slack]]), np.concatenate([y, -y])
    solution = scipy.optimize.linprog(cost, rows, limits, bounds=bounds, method="highs").x
    assert solution is not None, "the program is feasible and bounded"
    return np.asarray(solution[:d])


def objective_descent(
    task: ObjectiveRegression, key: Key[Array, ""], *, objective: Objective, smooth: bool = True
) -> ObjectiveDescent:
    """The task's own algorithm for an objective, or its unsmoothed limit τ = 0, β = ∞ at the same rates."""
    dial = task.dial(objective)
    if smooth or objective == "l2":
        return ObjectiveDescent(*dial)
    limit = jnp.inf if objective == "linf" else 0.0
    return ObjectiveDescent(dial.rate, jnp.zeros(task.steps), jnp.full(task.steps, limit))


def decaying_descent(
    task: ObjectiveRegression,
    key: Key[Array, ""],
    *,
    steps: PositiveInt,
    rate: PositiveFloat,
    decay: PositiveFloat,
    temperature: NonNegativeFloat = 0.0,
    sharpness: NonNegativeFloat = 0.0,
) -> ObjectiveDescent:
    """Step k has the rate rate·decay^k; without a temperature it is descent on L2."""
    tau = temperature or math.inf
    rates = rate * decay ** jnp.arange(steps)
    return ObjectiveDescent(rates, jnp.full(steps, tau), jnp.full(steps, sharpness))


def exact_fit(task: ObjectiveRegression, key: Key[Array, ""], *, objective: Objective) -> Learner:
    """The exact minimiser of an objective."""
    if objective == "l2":
        return ordinary_least_squares(task, key)
    return LinearProgram(objective == "linf")
