"""Weights of explicit algorithms, by name and number of steps, that a model's weights are held against."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.algorithms.objective_descent import ObjectiveDescent
from icgd.analysis.attainment import best_weights
from icgd.objectives.dial import OBJECTIVES, descend
from icgd.prompt import Prompt

EXACT = {"l1": "lad", "l2": "ols", "linf": "chebyshev"}
"""The minimiser of each objective."""
REWEIGHTED = 8
"""Steps of iteratively reweighted least squares."""
HUBER = 0.5
"""Where the Huber loss becomes linear."""
SMALL = 1e-3
"""The least residual that weights are the inverse of."""

Named = tuple[str, int]
"""An algorithm and its number of steps."""


def fits(
    prompts: Prompt, descents: dict[str, ObjectiveDescent], noise_scale: float
) -> dict[Named, Float[Array, "p d"]]:
    """By (name, steps): descents after each step, reweighted least squares, ridge, Huber and the exact fits.

    Ridge has the penalty of the law with normal noise, d σ² for w ~ N(0, I/d).
    """
    x, y = prompts.x.astype(float), prompts.y[..., 0].astype(float)
    found: dict[Named, Array] = {}
    descents_of = jax.jit(jax.vmap(descend, in_axes=(0, 0, None)))
    weighted = jax.jit(jax.vmap(reweighted, in_axes=(0, 0, None)), static_argnums=2)
    for objective, descent in descents.items():
        steps = descents_of(x, y, descent.dials())
        found |= {(objective, k + 1): steps[:, k] for k in range(steps.shape[1])}
    sign = weighted(x, y, 0.0)
    found |= {("irls", k + 1): sign[:, k] for k in range(REWEIGHTED)}
    found["huber", 0] = weighted(x, y, HUBER)[:, -1]
    penalty = x.shape[-1] * noise_scale**2 * jnp.eye(x.shape[-1])
    found["ridge", 0] = jax.vmap(lambda a, b: jnp.linalg.solve(a.T @ a + penalty, a.T @ b))(x, y)
    best = best_weights(prompts)
    return found | {(EXACT[o], 0): best[:, place] for place, o in enumerate(OBJECTIVES)}


def reweighted(x: Float[Array, "n d"], y: Float[Array, " n"], bound: float) -> Float[Array, "steps d"]:
    """Least squares weighted by ψ(r)/r of the Huber loss, or of |r| if the bound is 0, from w = 0."""

    def step(weights: Float[Array, " d"], _: None) -> tuple[Array, Array]:
        size = jnp.maximum(jnp.abs(y - x @ weights), SMALL)
        share = jnp.minimum(1.0, bound / size) if bound else 1 / size
        weights = jnp.linalg.solve((x * share[:, None]).T @ x, x.T @ (share * y))
        return weights, weights

    return jax.lax.scan(step, jnp.zeros_like(x[0]), None, REWEIGHTED)[1]


def sensitivities(weigh: Callable[[Prompt], Array], prompts: Prompt) -> Float[Array, "p n"]:
    """‖∂w/∂y_j‖² of each example, for w = weigh(prompt) [d]."""

    def one(prompt: Prompt) -> Float[Array, " n"]:
        def weights(y: Float[Array, "n 1"]) -> Float[Array, " d"]:
            return weigh(dataclasses.replace(prompt, y=y))

        return jnp.sum(jax.jacrev(weights)(prompt.y)[..., 0] ** 2, axis=0)

    return jax.vmap(one)(prompts)


def share_of_most(sizes: Float[Array, "p n"], part: float = 0.9) -> Float[Array, ""]:
    """The share of examples that carry such a part of the whole, mean over prompts."""
    ordered = jnp.sort(sizes, axis=1)[:, ::-1]
    reached = jnp.cumsum(ordered, axis=1) < part * ordered.sum(axis=1, keepdims=True)
    return jnp.mean((reached.sum(axis=1) + 1) / sizes.shape[1])


def share_on(sizes: Float[Array, "p n"], chosen: Float[Array, "p n"]) -> Float[Array, ""]:
    """The part of the whole that lies on the chosen examples (1, others 0), mean over prompts."""
    return jnp.mean(jnp.sum(sizes * chosen, axis=1) / sizes.sum(axis=1))


def active(prompts: Prompt, weights: Float[Array, "p d"], count: int, largest: bool) -> Float[Array, "p n"]:
    """1 for the `count` examples of the largest, or of the smallest, residuals."""
    size = jnp.abs(prompts.y[..., 0] - jnp.einsum("pnd,pd->pn", prompts.x, weights))
    ranks = jnp.argsort(jnp.argsort(-size if largest else size, axis=1), axis=1)
    return (ranks < count).astype(float)
