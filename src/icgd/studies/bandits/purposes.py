"""What policies attain of every objective, and how well they copy posterior sampling for one."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from icgd.analysis.study import Population
from icgd.bandits.behaviours import mixed
from icgd.bandits.counting import Thompson
from icgd.bandits.policy import OBJECTIVES, Environment, objective_token, play, utilities
from icgd.bandits.posterior import exact_nodes
from icgd.prompt import TokenPrompt
from icgd.studies.bandits.crowd import answers, play_all, pulled


def attained(population: Population, here: Environment, first: int) -> Float[Array, "s o"]:
    """The mean utility of a pull under each objective."""
    means = pulled(here.means, play_all(population, here, first).actions)
    return jnp.stack(
        [utilities(means, number).mean(axis=(1, 2)) for number in range(len(OBJECTIVES))], axis=1
    )


def turned_round(here: Environment) -> Environment:
    """The same arms with every reward shown as its opposite."""
    return eqx.tree_at(lambda e: e.rewards, here, 1 - here.rewards)


def mixed_histories(key: Array, here: Environment, first: Any) -> Int[Array, "1 p t"]:
    """Histories of mixed behaviour, as in training."""
    count, pulls, arms = here.rewards.shape
    tokens = jnp.broadcast_to(jnp.asarray(first, jnp.int32), (count,))

    def one(key: Array, chance: Environment, token: Array) -> Array:
        behaviour = mixed(jax.random.uniform(key, (arms + 1,), jnp.float32), pulls)
        return play(behaviour, chance, token).tokens

    return jax.jit(jax.vmap(one))(jax.random.split(key, count), here, tokens)[None]


def posterior_sampling(objective: str, tokens: Int[Array, "1 p t"], arms: int) -> Float[Array, "1 p t a"]:
    """Probabilities of Thompson sampling for an objective."""
    pulls = tokens.shape[2]
    rule = Thompson(arms, pulls, jnp.ones(()), objective, exact_nodes(arms, pulls))
    found = jax.jit(jax.vmap(lambda history: jax.nn.softmax(rule(TokenPrompt(history)))))(tokens[0])
    return found[None]


def relative_error(ours: Float[Array, "s p t a"], theirs: Float[Array, "1 p t a"]) -> Float[Array, " s"]:
    """Σ(π − π_ref)² over Σ(π_ref − 1/A)²."""
    size = jnp.sum((theirs - 1 / theirs.shape[-1]) ** 2)
    return jnp.sum((ours - theirs) ** 2, axis=(1, 2, 3)) / size


TEMPERATURES = np.concatenate([-np.geomspace(0.05, 4.0, 40)[::-1], [0.0], np.geomspace(0.05, 4.0, 40)])
"""By which logits are multiplied."""


def best_temperature(
    population: Population, tokens: Int[Array, "1 p t"], theirs: Float[Array, "1 p t a"]
) -> tuple[Float[Array, " s"], Float[Array, " s"]]:
    """The least relative error of the answers with logits multiplied by one number, and that number."""
    logits = jnp.log(jnp.maximum(answers(population, tokens), 1e-30))
    grid = jnp.asarray(TEMPERATURES)
    errors = jnp.stack([relative_error(jax.nn.softmax(scale * logits), theirs) for scale in grid])
    return errors.min(axis=0), grid[jnp.argmin(errors, axis=0)]


def told_first(arms: int) -> list[int]:
    """The first tokens that ask for each objective."""
    return [int(objective_token(arms, number)) for number in range(len(OBJECTIVES))]
