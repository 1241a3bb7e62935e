"""Gradient descent in causal order: every example has weights of its own, made of the examples up to it.

With W_j = 0 at first, each of K steps moves the weights of example j on the loss of the examples that it can
see, each at its *own* weights (Ding et al. 2024, "CausalLM is not optimal for in-context learning"):

    W_j ← W_j + ρ Σ_{i≤j} (y_i − W_i x_i) x_iᵀ,    ŷ_n = W_n x_{n+1}.

It is what K causal layers of the construction do, token j's label slot being y_j − W_j x_j. Descent on the
first n examples would take the residual of example i at W_n instead, which has seen later examples than i.
Where it converges all residuals vanish, and the fixed point is one pass of Kaczmarz's projections,

    W_n = W_{n−1} + (y_n − W_{n−1} x_n) x_nᵀ/‖x_n‖²,

an online method, however deep the stack. If an example does not see itself (strict: i < j), its residual does
not vanish, and there is no fixed point.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Key

from icgd.algorithms.least_mean_squares import one_pass
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt
from icgd.tasks.regression_sequences import RegressionSequences, following
from icgd.theory.positions import best_multiple

FITTING = 4096
"""Prompts that rates are fitted on, of those given: N predictions each, for four numbers at most."""
SCALES = ((0.7, 1.0), (0.7, 3.0), (2.0, 1.0))
"""Of the rates that the fit starts from: first over that of one step, each over the one before."""


class OnlineDescent(Learner):
    """K steps in causal order, with rates ρ_k and GD++'s shrinkages γ_k per example.

    Residuals r, inputs x and the inputs q that are asked for change together, with sums over i ≤ n and i ≤ j,
    the latter over i < j if strict:

        ŷ_n += ρ Σ_i r_i x_iᵀq_n,  q_n −= γ Σ_i x_i x_iᵀq_n,
        r_j −= ρ Σ_i r_i x_iᵀx_j,  x_j −= γ Σ_i x_i x_iᵀx_j.
    """

    rates: Float[Array, " steps"]
    shrinkages: Float[Array, " steps"]
    strict: bool = eqx.field(static=True, default=False)
    per_step: bool = eqx.field(static=True, default=False)
    curvature: bool = eqx.field(static=True, default=False)
    """What `fitted` is free to choose: a rate per step, and shrinkages that are not zero."""

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps n m"]:
        """Predictions after each of the steps."""
        x, r, q = prompt.x, prompt.y, following(prompt)
        prediction, found = jnp.zeros_like(prompt.y), []
        for rate, shrinkage in zip(self.rates, self.shrinkages, strict=True):
            asked, seen = jnp.tril(q @ x.T), jnp.tril(x @ x.T, -1 if self.strict else 0)
            prediction = prediction + rate * asked @ r
            q = q - shrinkage * asked @ x
            r, x = r - rate * seen @ r, x - shrinkage * seen @ x
            found.append(prediction)
        return jnp.stack(found)

    def fitted(self, prompts: Prompt, targets: Float[Array, "p n m"]) -> "OnlineDescent":
        """With the rates that predict best, found by BFGS from several starts."""
        some = jax.tree.map(lambda a: a[:FITTING].astype(float), (prompts, targets))
        starts = self._starts()

        def both(flat: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = _log_error(jnp.asarray(flat.reshape(starts[0].shape)), self, *some)
            return float(value), np.asarray(slope).ravel()

        found = [
            scipy.optimize.minimize(both, start.ravel(), jac=True, method="BFGS", options={"gtol": 1e-6})
            for start in starts
        ]
        best = min(found, key=lambda one: one.fun)
        return _with(self, jnp.asarray(best.x.reshape(starts[0].shape)))

    def _starts(self) -> list[np.ndarray]:
        """Rates around that of one step, later ones larger if they are free, with shrinkages to match."""
        first, steps = float(self.rates[0]), len(self.rates)
        growth = np.arange(steps) if self.per_step else np.zeros(1)
        rates = [scale * first * ratio**growth for scale, ratio in SCALES]
        return [np.stack([rate, 0.3 * rate])[: 1 + self.curvature] for rate in rates]


class OnePass(Learner):
    """Least mean squares: W ← W + ρ (y_n − W x_n) x_nᵀ at example n, with an answer after each."""

    rate: Float[Array, ""]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 n m"]:
        """The predictions W_n x_{n+1}."""
        return jnp.einsum("nmd,nd->nm", one_pass(self.rate, prompt), following(prompt))[None]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p n m"]) -> "OnePass":
        """With the ρ that predicts best after all examples, found by bounded search."""
        some = jax.tree.map(lambda a: a[:FITTING].astype(float), (prompts, targets))
        limits = (0.0, 4.0 * float(self.rate))
        best = scipy.optimize.minimize_scalar(lambda rate: float(_lms_error(rate, *some)), bounds=limits)
        return OnePass(jnp.asarray(best.x))


def _with(learner: OnlineDescent, free: Float[Array, "h f"]) -> OnlineDescent:
    """With free numbers in place of rates and shrinkages; without a second row there is no shrinkage."""
    both = jnp.concatenate([free, jnp.zeros_like(free)])[:2]
    rates, shrinkages = jnp.broadcast_to(both, (2, len(learner.rates)))
    return dataclasses.replace(learner, rates=rates, shrinkages=shrinkages)


@eqx.filter_jit
@eqx.filter_value_and_grad
def _log_error(free: Float[Array, "h f"], learner: OnlineDescent, prompts: Prompt, targets: Array) -> Array:
    # The logarithm keeps BFGS's steps in scale.
    return jnp.log(jnp.mean((jax.vmap(_with(learner, free))(prompts) - targets) ** 2))


@jax.jit
def _lms_error(rate: Float[Array, ""], prompts: Prompt, targets: Array) -> Array:
    return jnp.mean((jax.vmap(OnePass(rate))(prompts) - targets) ** 2)


def online_descent(
    task: RegressionSequences,
    key: Key[Array, ""],
    *,
    steps: PositiveInt,
    per_step: bool = False,
    curvature: bool = False,
    strict: bool = False,
) -> OnlineDescent:
    """K steps of GD or, with `curvature`, GD++ in causal order, their rates still to be fitted."""
    start = best_multiple(task, [1.0] * task.context_length)[0]
    rates = jnp.full(steps, start)
    return OnlineDescent(rates, jnp.zeros(steps), strict, per_step, curvature)


def least_mean_squares(task: RegressionSequences, key: Key[Array, ""]) -> OnePass:
    """One pass of online gradient descent, its rate still to be fitted."""
    return OnePass(jnp.asarray(1 / (task.dimension * task.input_variance)))
