"""History models of which only a part is changed: how much must change to change what they do?

Every change is of one form, so that all train in one program: a matrix W becomes W + m(δ) + r(u v), with
masks m and r that say what may differ from zero. The base gets no gradient.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from icgd.bandits.policy import OBJECTIVES, Objective
from icgd.learner import Learner
from icgd.models.history_model import HistoryModel
from icgd.models.policy_ensemble import PolicyEnsemble, history_ensemble, ordered
from icgd.ranges import PositiveFloat
from icgd.tasks.bandits import BernoulliBandit

Part: TypeAlias = Literal["start", "vectors", "biases", "rank_1", "rank_4", "all"]
RANK = 4
BIASES = ("inner_bias", "outer_bias")


class Change(NamedTuple):
    """What of a network is changed, to pursue what; of the base, or of a random network."""

    part: Part
    objective: Objective
    random: bool = False

    @classmethod
    def of(cls, name: str, fields: Mapping[str, Any]) -> "Change":
        """From the config; `ValueError` if there is no such part or objective."""
        change = cls(**fields)
        for option, value, known in (
            ("part", change.part, get_args(Part)),
            ("objective", change.objective, OBJECTIVES),
        ):
            if value not in known:
                raise ValueError(f"{name}: {option} is {value!r}; expected one of {', '.join(known)}")
        return change


class Difference(NamedTuple):
    """Of one leaf: what is added, and factors of a further low-rank term."""

    added: Float[Array, "..."]
    inner: Float[Array, "rank inputs"]
    outer: Float[Array, "outputs rank"]


def _named(model: HistoryModel) -> tuple[list[tuple[str, Any]], Any]:
    flat, structure = jax.tree_util.tree_flatten_with_path(model)
    return [(getattr(path[-1], "name", ""), leaf) for path, leaf in flat], structure


def _matrix(name: str, leaf: Any) -> bool:
    """Whether a leaf is a matrix of a block: the heads of a layer are one."""
    return leaf.ndim > 1 and name not in ("embedding", "readout", "position_bias")


def _mask(part: Part, name: str, leaf: Any) -> Float[np.ndarray, "..."]:
    """Ones where a part may add something to a leaf."""
    shape, first = leaf.shape, np.arange(leaf.shape[0])
    if part == "start" and name == "embedding":  # the token that comes first is the one of the most reward
        rows = first == 2 * (len(first) - 3) // 3
        return np.broadcast_to(rows[:, None], shape).astype(np.float32)
    every = (
        part == "all" or (part == "vectors" and name == "outer_bias") or (part == "biases" and name in BIASES)
    )
    return np.full(shape, float(every), np.float32)


def parameters(part: Part, model: HistoryModel) -> int:
    """How many numbers a change of the part is."""
    total = 0.0
    for name, leaf in _named(model)[0]:
        total += _mask(part, name, leaf).sum()
        if part.startswith("rank") and _matrix(name, leaf):
            total += int(part[-1]) * (leaf.shape[-1] + math.prod(leaf.shape[:-1]))
    return int(total)


def changed(base: HistoryModel, differences: list[Difference], part_masks: list[Any]) -> HistoryModel:
    """The base with differences made; masks are those of `masks`."""
    named, structure = _named(jax.lax.stop_gradient(base))
    leaves = []
    for (_, leaf), difference, (added, ranks) in zip(named, differences, part_masks, strict=True):
        low = (difference.outer * ranks) @ difference.inner
        leaves.append(leaf + added * difference.added + low.reshape(leaf.shape))
    found: HistoryModel = jax.tree_util.tree_unflatten(structure, leaves)
    return found


def masks(
    part: Part, model: HistoryModel
) -> list[tuple[Float[np.ndarray, "..."], Float[np.ndarray, " rank"]]]:
    """For each leaf where something may be added, and which ranks of the low-rank term are used."""
    found = []
    for name, leaf in _named(model)[0]:
        rank = int(part[-1]) if part.startswith("rank") and _matrix(name, leaf) else 0
        found.append((_mask(part, name, leaf), (np.arange(RANK) < rank).astype(np.float32)))
    return found


def no_difference(model: HistoryModel, key: Key[Array, ""]) -> list[Difference]:
    """Where every change starts: inner factors N(0, 1/inputs), all else zero."""
    named, _ = _named(model)
    found = []
    for (_, leaf), each in zip(named, jax.random.split(key, len(named)), strict=True):
        inputs, outputs = leaf.shape[-1], math.prod(leaf.shape[:-1])
        inner = jax.random.normal(each, (RANK, inputs), jnp.float32) / math.sqrt(inputs)
        zero = jnp.zeros(leaf.shape, jnp.float32)
        found.append(Difference(zero, inner, jnp.zeros((outputs, RANK), jnp.float32)))
    return found


class ChangedEnsemble(Learner):
    """Changes of one member of a base, or of a random network where that is asked for, side by side."""

    base: PolicyEnsemble
    random: HistoryModel
    differences: list[Difference]
    names: tuple[str, ...] = eqx.field(static=True)
    changes: tuple[Change, ...] = eqx.field(static=True)
    of: str = eqx.field(static=True)

    def _bases(self) -> HistoryModel:
        """The base of each change, stacked."""
        whole = self.base.member(self.of)
        chosen = [self.random if change.random else whole for change in self.changes]
        found: HistoryModel = jax.tree.map(lambda *leaves: jnp.stack(leaves), *chosen)
        return found

    @property
    def members(self) -> HistoryModel:
        """Models with their changes made, stacked."""
        per_member = [masks(change.part, self.random) for change in self.changes]
        together = jax.tree.map(lambda *leaves: np.stack(leaves), *per_member)
        return jax.vmap(changed)(self._bases(), self.differences, together)

    def member(self, name: str) -> HistoryModel:
        """One of them."""
        place = self.names.index(name)
        found: HistoryModel = jax.tree.map(lambda a: a[place], self.members)
        return found

    def trajectory(self, prompt: Any) -> Float[Array, "1 members t a"]:
        """Every change's answers to its own history."""
        return jax.lax.map(jax.checkpoint(lambda one: one[0](one[1])), (self.members, prompt))[None]


def history_changes(
    task: BernoulliBandit,
    key: Key[Array, ""],
    *,
    members: dict[str, dict[str, Any]],
    base: list[str],
    of: str,
    readout_scale: PositiveFloat = 1.0,
) -> ChangedEnsemble:
    """Unchanged copies of a base, NaN until weights take its place; the random network has a readout."""
    names = ordered(task, list(members))
    wanted = tuple(Change.of(name, members[name]) for name in names)
    if of not in base:
        raise ValueError(f"the base has no member {of!r}; expected one of {', '.join(base)}")
    random_key, readout_key, change_key = jax.random.split(key, 3)
    plain = BernoulliBandit(arms=task.arms, pulls=task.pulls)
    random = history_ensemble(plain, random_key, members=["random"]).member("random")
    assert isinstance(random, HistoryModel)
    readout = readout_scale * jax.random.normal(readout_key, random.readout.shape, jnp.float32)
    random = eqx.tree_at(lambda m: m.readout, random, readout / math.sqrt(readout.shape[1]))
    build = eqx.Partial(history_ensemble, plain, random_key, members=base)
    missing = jax.tree.map(
        lambda leaf: jnp.full(leaf.shape, jnp.nan, leaf.dtype) if hasattr(leaf, "shape") else leaf,
        eqx.filter_eval_shape(build),
    )
    keys = jax.random.split(change_key, len(names))
    differences = jax.vmap(lambda each: no_difference(random, each))(keys)
    return ChangedEnsemble(missing, random, differences, names, wanted, of)
