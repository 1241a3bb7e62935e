"""Algorithms on whole prompts, run afresh on all the examples so far after each example of a sequence."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.algorithms.descent import gradient_descent
from icgd.algorithms.least_squares import Ridge, fitted_ridge
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt
from icgd.tasks.regression_sequences import RegressionSequences, following

FITTING = 2048
"""Sequences that are fitted on, of those given: each makes N prompts."""
VANISHING = 1e-9
"""A penalty that is as good as none for inputs of size one, in double precision."""


class EveryPrefix(Learner):
    """What `learner` predicts from the first n examples, for n = 1 … N.

    Later examples are zeros, so it must be one of those that sum over examples at a fixed rate.
    """

    learner: Learner

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps n m"]:
        """Predictions after each of the learner's steps."""
        return jax.vmap(self.learner.trajectory, out_axes=1)(prefixes(prompt))

    def fitted(self, prompts: Prompt, targets: Float[Array, "p n m"]) -> "EveryPrefix":
        """With the learner fitted on the prefixes of the prompts, all of them alike."""
        if not hasattr(self.learner, "fitted"):
            return self
        some, labels = jax.tree.map(lambda a: a[:FITTING].astype(float), (prompts, targets))
        cut = jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), jax.vmap(prefixes)(some))
        fitted = self.learner.fitted(cut, labels.reshape(-1, labels.shape[-1]))
        return dataclasses.replace(self, learner=fitted)


def prefixes(prompt: Prompt) -> Prompt:
    """The prompts that end after each example, with zeros for later ones."""
    kept = jnp.tril(jnp.ones((len(prompt.x),) * 2, prompt.x.dtype))[:, :, None]
    return Prompt(kept * prompt.x, kept * prompt.y, following(prompt))


def prefix_descent(
    task: RegressionSequences,
    key: Key[Array, ""],
    *,
    steps: PositiveInt,
    per_step: bool = False,
    curvature: bool = False,
) -> EveryPrefix:
    """K-step GD or GD++ (see `descent.gradient_descent`) with the same rates per example on every prefix."""
    return EveryPrefix(gradient_descent(task, key, steps=steps, per_step=per_step, curvature=curvature))


def prefix_ridge(task: RegressionSequences, key: Key[Array, ""]) -> EveryPrefix:
    """Ridge regression with one penalty for all prefixes, still to be fitted."""
    return EveryPrefix(fitted_ridge(task, key))


def prefix_least_squares(task: RegressionSequences, key: Key[Array, ""]) -> EveryPrefix:
    """Least squares as the limit of ridge regression: of minimum norm where it is not unique."""
    return EveryPrefix(Ridge(jnp.asarray(VANISHING)))
