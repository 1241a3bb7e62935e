"""A prompted transformer of which only a named part is changed: how much must change to change what it does?

Every change starts at nothing and is added to the base's weights or multiplied with them, so `merged` is an
ordinary `PromptedTransformer`. The base gets no gradient.
"""

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.blocks import PromptedTransformer, prompted_transformer
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt
from icgd.tasks.objective_regression import ObjectiveRegression

Part = Literal[
    "output_scale",
    "vector",
    "vectors",
    "biases",
    "gains",
    "attention",
    "low_rank_attention",
    "low_rank_mlp",
    "block",
    "subspace",
    "all",
]


class Change(NamedTuple):
    """Which leaves of a model change, where each change starts, and what it makes of its leaf."""

    leaves: Callable[[PromptedTransformer], list[Any]]
    start: Callable[[Array, Key[Array, ""], int], Any]
    apply: Callable[[Array, Any], Array]


Leaves = Callable[[PromptedTransformer], list[Any]]


def _of_attention(model: PromptedTransformer) -> list[Any]:
    """The matrices of all heads; those of a layer are stacked along the first axis."""
    return [getattr(block.attention, name) for block in model.blocks for name in ATTENTION]


def _of_mlps(model: PromptedTransformer) -> list[Any]:
    return [getattr(block.mlp, name) for block in model.blocks for name in ("inner", "outer")]


def _of_block(block: Any) -> list[Any]:
    """Everything that a block has."""
    return [getattr(block.attention, name) for name in ATTENTION] + [getattr(block.mlp, n) for n in MLP_PARTS]


def _everything(model: PromptedTransformer) -> list[Any]:
    blocks = [leaf for block in model.blocks for leaf in _of_block(block)]
    return [model.embedding, model.kinds, model.readout, *blocks]


def _reading(model: PromptedTransformer) -> list[Any]:
    """What reads normalised tokens: a gain of a norm scales the columns of all of these matrices alike."""
    return [
        leaf
        for block in model.blocks
        for leaf in (*(getattr(block.attention, name) for name in ATTENTION[:3]), block.mlp.inner)
    ]


def _low_rank_start(leaf: Array, key: Key[Array, ""], rank: int) -> tuple[Array, Array]:
    """Factors of a matrix [out in], the heads of a layer being one: N(0, 1/in) and zero."""
    inputs, outputs = leaf.shape[-1], math.prod(leaf.shape[:-1])
    inner = jax.random.normal(key, (rank, inputs), leaf.dtype) / math.sqrt(inputs)
    return inner, jnp.zeros((outputs, rank), leaf.dtype)


def _zeros(leaf: Array, key: Key[Array, ""], rank: int) -> Array:
    return jnp.zeros_like(leaf)


def _columns(leaf: Array, key: Key[Array, ""], rank: int) -> Array:
    return jnp.zeros(leaf.shape[-1], leaf.dtype)


def _zero(leaf: Array, key: Key[Array, ""], rank: int) -> Array:
    return jnp.zeros((), leaf.dtype)


def _add(leaf: Array, change: Array) -> Array:
    return leaf + change


def _scale(leaf: Array, change: Array) -> Array:
    return leaf * (1 + change)


def _add_low_rank(leaf: Array, change: tuple[Array, Array]) -> Array:
    return leaf + (change[1] @ change[0]).reshape(leaf.shape)


ATTENTION = ("key", "query", "value", "projection")
MLP_PARTS = ("inner", "inner_bias", "outer", "outer_bias")
MIDDLE = 1
"""The block, counted from 0, that changes of one block are of."""
CHANGES: dict[str, Change] = {
    "output_scale": Change(lambda m: [m.readout], _zero, _scale),
    "vector": Change(lambda m: [m.blocks[MIDDLE].mlp.outer_bias], _zeros, _add),
    "vectors": Change(lambda m: [block.mlp.outer_bias for block in m.blocks], _zeros, _add),
    "biases": Change(
        lambda m: [b for block in m.blocks for b in (block.mlp.inner_bias, block.mlp.outer_bias)],
        _zeros,
        _add,
    ),
    "gains": Change(_reading, _columns, _scale),
    "attention": Change(_of_attention, _zeros, _add),
    "low_rank_attention": Change(_of_attention, _low_rank_start, _add_low_rank),
    "low_rank_mlp": Change(_of_mlps, _low_rank_start, _add_low_rank),
    "block": Change(lambda m: _of_block(m.blocks[MIDDLE]), _zeros, _add),
    "all": Change(_everything, _zeros, _add),
}
"""What can be changed, from one number to everything; and random directions (see `Adapted`)."""


class Adapted(Learner):
    """A base and a change of a part of it.

    The part `subspace` is as many numbers as one asks for, each of which moves weights of its own, drawn from
    all of them at random, by random signs: what any change of that size can do.
    """

    base: PromptedTransformer
    change: list[Any]
    part: Part = eqx.field(static=True)

    def merged(self) -> PromptedTransformer:
        """The base with the change made."""
        frozen = jax.lax.stop_gradient(self.base)
        if self.part == "subspace":
            leaves = _everything(frozen)
            changed = [_scattered(leaf, self.change[0], place) for place, leaf in enumerate(leaves)]
            return eqx.tree_at(_everything, frozen, changed)
        chosen, _, apply = CHANGES[self.part]
        changed = [apply(leaf, change) for leaf, change in zip(chosen(frozen), self.change, strict=True)]
        return eqx.tree_at(chosen, frozen, changed)

    def trajectory(self, prompt: Prompt) -> Float[Array, "blocks *q m"]:
        """Predictions read out after every block."""
        return self.merged().trajectory(prompt)


def _scattered(leaf: Array, numbers: Float[Array, " k"], place: int) -> Array:
    """A leaf moved by one of the numbers at each entry, with a random sign; both are drawn by its place.

    In types of their own: what is drawn depends on the type, and must not on the precision of the leaf.
    """
    which_key, sign_key = jax.random.split(jax.random.key(place))
    which = jax.random.randint(which_key, leaf.shape, 0, len(numbers), jnp.int32)
    positive = jax.random.uniform(sign_key, leaf.shape, jnp.float32) < 0.5
    return leaf + numbers[which] * jnp.where(positive, 1, -1).astype(leaf.dtype)


def count(tree: Any) -> int:
    """The number of parameters in a pytree."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(tree, eqx.is_array)))


def adapted(
    task: ObjectiveRegression,
    key: Key[Array, ""],
    *,
    part: Part,
    rank: PositiveInt = 1,
    size: PositiveInt = 1,
    layers: PositiveInt = 4,
    random: bool = False,
) -> Adapted:
    """An unchanged base that is not told the objective and reads out weights.

    `rank` is for parts of low rank, `size` the numbers of a subspace. The base is a random network, readout
    included, if asked for; otherwise it is NaN until weights are put in its place.
    """
    base_key, readout_key, change_key = jax.random.split(key, 3)
    build = eqx.Partial(prompted_transformer, task, base_key, layers=layers, told=False, weighs=True)
    base = build() if random else jax.tree.map(_missing, eqx.filter_eval_shape(build))
    if random:
        readout = jax.random.normal(readout_key, base.readout.shape) / math.sqrt(base.readout.shape[1])
        base = eqx.tree_at(lambda model: model.readout, base, readout)
    if part == "subspace":
        return Adapted(base, [jnp.zeros(size, jnp.float32)], part)
    leaves, start, _ = CHANGES[part]
    found = leaves(base)
    keys = jax.random.split(change_key, len(found))
    return Adapted(base, [start(leaf, key, rank) for leaf, key in zip(found, keys, strict=True)], part)


def _missing(leaf: jax.ShapeDtypeStruct) -> Array:
    return jnp.full(leaf.shape, jnp.nan, leaf.dtype)
