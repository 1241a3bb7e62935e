"""Looped GD++ whose rate and shrinkage are fitted with all activations bounded, as the source's are.

Rates that are best without a bound pass through labels far beyond it, which a bounded layer cuts.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Key

from icgd.algorithms.descent import Fit, GradientDescentPlusPlus
from icgd.constructions.descent_layers import looped_descent
from icgd.models.residual_stack import bounded_stack
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression

START = (13.0, 1.7)
"""η and γ of two steps, from where the search starts."""
FITTED_ON = 2048
"""Prompts; more would take a bounded stack too long."""


class ClippedDescent(GradientDescentPlusPlus):
    """GD++ with one η and one γ, to be run as a stack with this bound."""

    bound: float = eqx.field(static=True, default=10.0)
    evaluations: int = eqx.field(static=True, default=80)

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "ClippedDescent":
        """The η and γ that Nelder and Mead's search finds for the bounded loss on the first prompts."""
        few = jax.tree.map(lambda a: a[:FITTED_ON].astype(float), prompts)
        wanted = targets[:FITTED_ON]

        def loss(logs: np.ndarray) -> float:
            return float(_loss(self, few, wanted, jnp.exp(logs)))

        found = scipy.optimize.minimize(
            loss, np.log(np.array(START)), method="Nelder-Mead", options={"maxfev": self.evaluations}
        )
        return self.at(jnp.exp(jnp.asarray(found.x)))

    def at(self, rates: Float[Array, "2"]) -> "ClippedDescent":
        """The same with other η and γ."""
        both = jnp.broadcast_to(rates[:, None], (2, len(self.learning_rates)))
        return dataclasses.replace(self, learning_rates=both[0], shrinkages=both[1])


@eqx.filter_jit
def _loss(
    descent: ClippedDescent, prompts: Prompt, targets: Float[Array, "p m"], rates: Float[Array, "2"]
) -> Float[Array, ""]:
    shape = (prompts.x.shape[-1], prompts.y.shape[-1])
    stack = bounded_stack(looped_descent(descent.at(rates), shape), descent.bound)
    return 0.5 * jnp.mean((jax.vmap(stack)(prompts) - targets) ** 2)


def clipped_descent(
    task: LinearRegression,
    key: Key[Array, ""],
    *,
    steps: PositiveInt,
    bound: PositiveFloat = 10.0,
    evaluations: PositiveInt = 80,
) -> ClippedDescent:
    """K steps of GD++ with shared rates still to be fitted, in so many evaluations of the loss."""
    fit = Fit(per_step=False, curvature=True, guard=1.0)
    ones = jnp.ones(steps)
    return ClippedDescent(ones, ones, task.context_length, fit, bound, evaluations)
