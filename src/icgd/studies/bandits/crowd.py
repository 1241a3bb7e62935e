"""The policies of an experiment by name, one by one where they were trained side by side, and their play."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from icgd.analysis.distances import stack_size
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.bandits.policy import Environment, Played, Policy, objective_token, play
from icgd.prompt import TokenPrompt
from icgd.spec.laws import Condition
from icgd.tasks.bandits import BernoulliBandit


def members(experiment: Experiment) -> list[str]:
    """Names of learners that are trained side by side: rows are about these."""
    return [name for trained in experiment.trained.values() for name in trained.options.get("members", ())]


def crowd(study: Study) -> dict[str, Population]:
    """Every policy by name."""
    found: dict[str, Population] = {}
    for name, population in study.learners.items():
        if hasattr(population.learner, "names"):
            found |= one_by_one(population)
        else:
            found[name] = population
    return found


def one_by_one(population: Population) -> dict[str, Population]:
    """The policies of a population of ensembles by name."""
    members = _members(population.learner)
    return {name: Population(one, population.seeds, population.step) for name, one in members.items()}


@eqx.filter_jit
@eqx.filter_vmap
def _members(ensemble: Any) -> dict[str, Any]:
    return {name: ensemble.member(name) for name in ensemble.names}


def chance(
    study: Study, count: int, condition: Condition | None = None, part: str = "test", **law: Any
) -> Environment:
    """As many environments, the same for all policies; those of a part are of its own.

    `law` are options of the task that differ.
    """
    task = dataclasses.replace(law_of(study, condition), **law)
    keys = jax.random.split(study.key("chance", part), count)
    return jax.jit(jax.vmap(task.environment))(keys)


def law_of(study: Study, condition: Condition | None = None) -> BernoulliBandit:
    """The task of a condition."""
    task = study.task(condition)
    if not isinstance(task, BernoulliBandit):
        raise TypeError(f"bandits are measured; the task is {type(task).__name__}")
    return task


@eqx.filter_jit
def _play(policies: Any, environments: Environment, first: Int[Array, " p"], delay: int) -> Played:
    def one(policy: Policy) -> Played:
        return jax.vmap(lambda here, token: play(policy, here, token, delay))(environments, first)

    found: Played = eqx.filter_vmap(one, axis_size=stack_size(policies))(policies)
    return found


def play_all(population: Population, environments: Environment, first: Any, delay: int = 0) -> Played:
    """Every seed's policy in every environment [seeds p t …]; `first` is one token, or one for each."""
    tokens = jnp.broadcast_to(jnp.asarray(first, jnp.int32), environments.means.shape[:1])
    found: Played = _play(population.learner, environments, tokens, delay)
    return found


@eqx.filter_jit
def _answers(policies: Any, tokens: Int[Array, "seeds p t"]) -> Float[Array, "seeds p t a"]:
    def one(policy: Policy, mine: Array) -> Array:
        return jax.nn.softmax(jax.vmap(lambda history: policy(TokenPrompt(history)))(mine))

    found: Array = eqx.filter_vmap(one, axis_size=stack_size(policies))(policies, tokens)
    return found


def answers(population: Population, tokens: Int[Array, "histories p t"]) -> Float[Array, "seeds p t a"]:
    """Probabilities of the arms at every position; a single policy answers every seed's histories."""
    count = len(population.seeds)
    if count == 1 and len(tokens) > 1:
        flat = tokens.reshape(1, -1, tokens.shape[-1])
        single: Array = _answers(population.learner, flat)
        return single.reshape(*tokens.shape, -1)
    spread = jnp.broadcast_to(tokens, (count, *tokens.shape[1:]))
    found: Array = _answers(population.learner, spread)
    return found


def variation(ours: Float[Array, "*any a"], theirs: Float[Array, "*other a"]) -> Float[Array, "*both"]:
    """Total variation of two distributions over arms: half the sum of the differences' sizes."""
    return 0.5 * jnp.sum(jnp.abs(ours - theirs), axis=-1)


def most_reward(study: Study) -> int:
    """The first token that asks for the most reward."""
    return int(objective_token(law_of(study).arms, 0))


def pulled(means: Float[Array, "p a"], actions: Int[Array, "seeds p t"]) -> Float[Array, "seeds p t"]:
    """The means of the arms that were pulled."""
    spread = jnp.broadcast_to(means[None], (len(actions), *means.shape))
    return jnp.take_along_axis(spread, actions, axis=2)
