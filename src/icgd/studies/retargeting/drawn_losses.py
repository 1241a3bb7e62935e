"""Prompts that give a loss as data, with descent on it, and how far weights are from that."""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.objectives.losses import descend_loss, rho
from icgd.prompt import Prompt, Queried
from icgd.tasks.loss_regression import LossRegression


class Drawn(NamedTuple):
    """Prompts of a task's family with the keys of their ψ, and weights of descent on ρ and on L2."""

    task: LossRegression
    prompts: Prompt
    psi_keys: Key[Array, " p"]
    descent: Float[Array, "p d"]
    plain: Float[Array, "p d"]

    def rescaled(self) -> Float[Array, "p d"]:
        """L2 descent at the scale that is nearest to descent on ρ."""
        return self.plain * jnp.sum(self.plain * self.descent) / jnp.sum(self.plain**2)


def drawn(task: LossRegression, key: Key[Array, ""], count: int) -> Drawn:
    """Prompts of the task's family in float64, as `task.sample` draws them; one key, the same examples."""
    return _drawn(task, jax.random.split(key, count))


@eqx.filter_jit
def _drawn(task: LossRegression, keys: Key[Array, " p"]) -> Drawn:
    def one(key: Key[Array, ""]) -> tuple[Any, ...]:
        examples_key, psi_key, pairs_key = jax.random.split(key, 3)
        x, y = (a.astype(float) for a in task.examples(examples_key))
        psi = task.psi(psi_key)
        objective = task.listed(pairs_key, psi).astype(float)
        ends = (descend_loss(x, y, rule, task.rates())[-1] for rule in (psi, lambda r: r))
        return x, y[:, None], jnp.eye(task.dimension), objective, psi_key, *ends

    x, y, query, objective, psi_keys, descent, plain = jax.vmap(one)(keys)
    return Drawn(task, Queried(x, y, query, objective), psi_keys, descent, plain)


def noisy(given: Drawn, noise: float, key: Key[Array, ""]) -> Drawn:
    """The same prompts with noise in the ψ of their pairs."""
    told = given.prompts.objective
    assert told is not None
    change = noise * jax.random.normal(key, told.shape) * (jnp.arange(told.shape[1]) % 2)
    return given._replace(prompts=dataclasses.replace(given.prompts, objective=told + change))


def error(weights: Float[Array, "*s p d"], given: Drawn) -> Float[Array, "*s"]:
    """The relative squared distance to descent on the prompts' own losses."""
    return jnp.sum((weights - given.descent) ** 2, (-2, -1)) / jnp.sum(given.descent**2)


def gain(weights: Float[Array, "s p d"], given: Drawn) -> Float[Array, " s"]:
    """What is attained of ρ: 0 for L2 descent, 1 for descent on ρ."""
    found = _values(given, jnp.stack([given.plain, given.descent, *weights]))
    return (found[0] - found[2:]) / (found[0] - found[1])


@eqx.filter_jit
def _values(given: Drawn, weights: Float[Array, "s p d"]) -> Float[Array, " s"]:
    """The mean of ρ over examples and prompts."""

    def one(key: Key[Array, ""], x: Array, y: Array, w: Array) -> Array:
        return jnp.mean(rho(given.task.psi(key), y[:, 0] - x @ w))

    prompts = given.prompts
    each = jax.vmap(lambda w: jax.vmap(one)(given.psi_keys, prompts.x, prompts.y, w))(weights)
    return jnp.mean(each, axis=1)
