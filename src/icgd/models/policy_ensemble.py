"""Policies of one shape that are trained side by side, each on a law of its own: one program, one job."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, Key

from icgd.bandits.policy import Policy
from icgd.learner import Learner
from icgd.models.history_model import HistoryModel, history_model
from icgd.models.recurrent_policy import recurrent_policy
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.bandits import BernoulliBandit


class PolicyEnsemble(Learner):
    """Members by name; each answers its own of a stack of histories or episodes."""

    members: Policy
    """Stacked."""
    names: tuple[str, ...] = eqx.field(static=True)

    def member(self, name: str) -> Policy:
        """One of them."""
        place = self.names.index(name)
        found: Policy = jax.tree.map(lambda a: a[place] if eqx.is_array(a) else a, self.members)
        return found

    def trajectory(self, prompt: Any) -> Float[Array, "1 members t outputs"]:
        """Every member's answers, one after another: together their activations would not fit a cache.

        A gradient makes them anew, which takes less time than to keep them.
        """
        arrays, rest = eqx.partition(self.members, eqx.is_array)

        @jax.checkpoint
        def answer(one: tuple[Any, Any]) -> Array:
            policy: Policy = eqx.combine(one[0], rest)
            return policy(one[1])

        return jax.lax.map(answer, (arrays, prompt))[None]


def _ensemble(
    task: BernoulliBandit,
    key: Key[Array, ""],
    members: list[str],
    build: Callable[[BernoulliBandit, Key[Array, ""]], Policy],
) -> PolicyEnsemble:
    names = ordered(task, members)
    stacked = eqx.filter_vmap(lambda key: build(task, key))(jax.random.split(key, len(names)))
    return PolicyEnsemble(stacked, names)


def ordered(task: BernoulliBandit, members: list[str]) -> tuple[str, ...]:
    """Members as the task orders them; `ValueError` if it has others."""
    if task.members and set(task.members) != set(members):
        raise ValueError(
            f"the members are {sorted(members)}, those of the training task {sorted(task.members)}"
        )
    return tuple(sorted(members))


def history_ensemble(
    task: BernoulliBandit,
    key: Key[Array, ""],
    *,
    members: list[str],
    layers: PositiveInt = 2,
    width: PositiveInt = 32,
    heads: PositiveInt = 4,
    hidden: PositiveInt = 64,
    initial_scale: PositiveFloat = 0.5,
) -> PolicyEnsemble:
    """Untrained transformers, one for each member of the training task."""

    def build(task: BernoulliBandit, key: Key[Array, ""]) -> HistoryModel:
        return history_model(
            task, key, layers=layers, width=width, heads=heads, hidden=hidden, initial_scale=initial_scale
        )

    return _ensemble(task, key, members, build)


def recurrent_ensemble(
    task: BernoulliBandit, key: Key[Array, ""], *, members: list[str], width: PositiveInt = 48
) -> PolicyEnsemble:
    """Untrained recurrent policies, one for each member of the training task."""
    return _ensemble(task, key, members, lambda task, key: recurrent_policy(task, key, width=width))
