"""What a linear predictor attains of the L1, L2 and L∞ objectives of its context.

A learner's implied weights on a prompt are those of the linear function that is nearest to its predictions at
fresh queries; not at the context's own inputs, where a transformer can look labels up. With V_o the value of
objective o on the residuals y − Xw, averaged over prompts, the attainment of o is

    a_o = (V_o(base) − V_o(w)) / (V_o(base) − V_o(best)),

best the exact minimiser, and base least squares, for L2 itself w = 0. So of L1 and L∞ least squares attains
0, of L2 w = 0 does, and the minimiser attains 1 of its own. It is a ratio of mean differences, as a mean of
ratios would explode; its interval resamples prompts within seeds.
"""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from icgd.algorithms.objective_descent import fit
from icgd.analysis.distances import in_double, stack_size
from icgd.learner import Learner
from icgd.models.fast_linear import predictions
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from icgd.tasks.objective_regression import values_of

AT_ONCE = 256
"""Prompts whose activations at all queries fit the memory."""
ENDS = 0.025, 0.975
"""Quantiles of bootstrapped attainments that are the ends of an interval."""


class Implied(NamedTuple):
    """Implied weights, and the share of the predictions' variance over prompts and queries that they
    explain.
    """

    weights: Float[Array, "seeds p d"]
    explained: Float[Array, " seeds"]


def implied_weights(learners: Learner, prompts: Prompt, queries: Float[Array, "q d"]) -> Implied:
    """Those of a stack of learners on a stack of prompts, from the same queries in each prompt."""
    starts = range(0, len(prompts.y), AT_ONCE)
    parts = [
        _implied(learners, jax.tree.map(lambda a: a[first : first + AT_ONCE], prompts), queries)  # noqa: B023
        for first in starts
    ]
    weights, left, whole = (jnp.concatenate(each, axis=1) for each in zip(*parts, strict=True))
    left, whole = left.sum(axis=1), whole.sum(axis=1)
    # What predicts zero everywhere is linear.
    return Implied(weights, 1 - left / jnp.where(whole > 0, whole, 1.0))


@eqx.filter_jit
def _implied(learners: Learner, prompts: Prompt, queries: Float[Array, "q d"]) -> tuple[Array, Array, Array]:
    """Weights, and the sums of squares that they leave and of the predictions in each prompt."""
    double = in_double(prompts)
    solve = jnp.linalg.pinv(queries)

    def one_seed(learner: Learner) -> tuple[Array, Array, Array]:
        def answers(query: Float[Array, " d"]) -> Float[Array, " p"]:
            asked = jnp.broadcast_to(query, double.query.shape)
            return predictions(learner, dataclasses.replace(double, query=asked))[:, 0]

        found = jax.vmap(answers, out_axes=1)(queries)
        weights = found @ solve.T
        return weights, jnp.sum((found - weights @ queries.T) ** 2, 1), jnp.sum(found**2, 1)

    seeds = eqx.filter_vmap(one_seed, axis_size=stack_size(learners))
    found: tuple[Array, Array, Array] = seeds(learners)
    return found


def fresh_queries(key: Key[Array, ""], dimension: int, count: int = 64) -> Float[Array, "q d"]:
    """Normal queries."""
    return jax.random.normal(key, (count, dimension), float)


def best_weights(prompts: Prompt) -> Float[Array, "p 3 d"]:
    """The exact minimisers of each objective in float64, L1 and L∞ by linear programs."""
    x, y = np.asarray(prompts.x, float), np.asarray(prompts.y[..., 0], float)
    found = [
        [fit(a, b, False), np.linalg.lstsq(a, b, rcond=None)[0], fit(a, b, True)]
        for a, b in zip(x, y, strict=True)
    ]
    return jnp.asarray(np.array(found))


def values(prompts: Prompt, weights: Float[Array, "*s p d"]) -> Float[Array, "*s p 3"]:
    """V of every objective in each prompt."""
    fitted = jnp.einsum("pnd,...pd->...pn", jnp.asarray(prompts.x, float), weights)
    return values_of(jnp.asarray(prompts.y[..., 0], float) - fitted)


class Ruler(NamedTuple):
    """On the same prompts what attains 0 and what attains 1 of each objective."""

    prompts: Prompt
    zero: Float[Array, "p 3"]
    one: Float[Array, "p 3"]

    @classmethod
    def of(cls, prompts: Prompt) -> "Ruler":
        """The ruler of prompts, by linear programs."""
        best = best_weights(prompts)
        own = jnp.stack([values(prompts, best[:, o])[:, o] for o in range(len(OBJECTIVES))], axis=-1)
        least = values(prompts, best[:, OBJECTIVES.index("l2")])
        nothing = values(prompts, jnp.zeros_like(best[:, 0]))
        return cls(prompts, jnp.where(jnp.array([o == "l2" for o in OBJECTIVES]), nothing, least), own)

    def after(self, start: int) -> "Ruler":
        """The ruler of the prompts from one on."""
        kept: Ruler = jax.tree.map(lambda a: a[start:], self)
        return kept

    def attainment(self, found: Float[Array, "*s p 3"]) -> Float[Array, "*s 3"]:
        """Of values in each prompt."""
        zero, one = self.zero.mean(axis=0), self.one.mean(axis=0)
        return (zero - found.mean(axis=-2)) / (zero - one)

    def attained(self, weights: Float[Array, "*s p d"]) -> Float[Array, "*s 3"]:
        """The attainment of weights."""
        return self.attainment(values(self.prompts, weights))

    def interval(
        self, weights: Float[Array, "seeds p d"], key: Key[Array, ""], draws: int = 200
    ) -> Float[Array, "2 3"]:
        """Low and high end of the mean attainment over seeds, by bootstrap over prompts within each seed."""
        found, count = values(self.prompts, weights), len(self.zero)

        def draw(key: Key[Array, ""]) -> Float[Array, " 3"]:
            chosen = jax.random.randint(key, (len(found), count), 0, count)
            zero, one = self.zero[chosen].mean(axis=1), self.one[chosen].mean(axis=1)
            ours = jnp.take_along_axis(found, chosen[..., None], axis=1).mean(axis=1)
            return jnp.mean((zero - ours) / (zero - one), axis=0)

        drawn = jax.lax.map(draw, jax.random.split(key, draws))
        return jnp.quantile(drawn, jnp.array(ENDS), axis=0)
