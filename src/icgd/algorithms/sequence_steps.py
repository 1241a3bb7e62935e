"""One gradient step from W = 0 after each example of a sequence: on all n examples so far, at some rate ρ_n.

ŷ_n = ρ_n Σ_{i≤n} y_i x_iᵀ x_{n+1}. One layer of causal linear attention can only have the same ρ for all n:
each of its tokens reads a sum. A softmax layer reads a mean, ρ_n ∝ 1/n.
"""

import dataclasses
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.tasks.regression_sequences import RegressionSequences, following
from icgd.theory.positions import best_multiple, best_rates

FITTING = 16384
"""Prompts that a centred step's rate is fitted on, of those given: N predictions each."""
Rate = Literal["per_example", "on_mean", "per_position"]


class SequenceStep(Learner):
    """One step after each example.

    centred: deviations from the means so far, Σ_{i≤n} (y_i − ȳ_n)(x_i − x̄_n)ᵀ, as in `descent.CentredStep`.
    """

    rates: Float[Array, " n"]
    """ρ_n, per example."""
    centred: bool = eqx.field(static=True, default=False)

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 n m"]:
        """The predictions after the step."""
        x, y = prompt.x, prompt.y
        slopes = jnp.cumsum(y[:, :, None] * x[:, None], axis=0)
        if self.centred:
            count = jnp.arange(1, len(x) + 1, dtype=x.dtype)[:, None, None]
            slopes -= jnp.cumsum(y, axis=0)[:, :, None] * jnp.cumsum(x, axis=0)[:, None] / count
        moved = jnp.einsum("nmd,nd->nm", slopes, following(prompt))
        return (self.rates[:, None] * moved)[None]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p n m"]) -> "SequenceStep":
        """If centred, with the multiple of the rates that least squares gives on many prompts."""
        if not self.centred:
            return self
        some, labels = jax.tree.map(lambda a: a[:FITTING], (prompts, targets))
        guess = jax.vmap(self)(some)
        best = jnp.sum(guess * labels) / jnp.sum(guess**2)
        return dataclasses.replace(self, rates=best * self.rates)


def sequence_step(task: RegressionSequences, key: Key[Array, ""], *, rate: Rate) -> SequenceStep:
    """Steps with the analytically best rates that are equal per example, on the mean, or free."""
    n = task.context_length
    if rate == "per_position":
        return SequenceStep(jnp.asarray(best_rates(task)))
    shape = [1.0 if rate == "per_example" else 1 / count for count in range(1, n + 1)]
    return SequenceStep(jnp.asarray(best_multiple(task, shape)))


def centred_sequence_step(task: RegressionSequences, key: Key[Array, ""]) -> SequenceStep:
    """Steps on the mean over centred examples, their rate still to be fitted."""
    return SequenceStep(1 / jnp.arange(1.0, task.context_length + 1), centred=True)
