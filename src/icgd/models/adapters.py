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
    "matrix_scales",
    "objective",
    "steering_1",
    "steering",
    "biases",
    "mlp_1",
    "mlp_2",
    "mlp_3",
    "low_rank",
    "all",
]


class Change(NamedTuple):
    """Which leaves of a model change, where each change starts, and what it makes of its leaf."""

    leaves: Callable[[PromptedTransformer], list[Any]]
    start: Callable[[Array, Key[Array, ""], int], Any]
    apply: Callable[[Array, Any], Array]


def _matrices(model: PromptedTransformer) -> list[Any]:
    """The matrices of all blocks; heads are stacked along the first axis."""
    return [
        leaf
        for block in model.blocks
        for layer, names in ((block.attention, ATTENTION), (block.mlp, ("inner", "outer")))
        for leaf in (getattr(layer, name) for name in names)
    ]


def _mlp(depth: int) -> Callable[[PromptedTransformer], list[Any]]:
    return lambda model: [getattr(model.blocks[depth].mlp, name) for name in MLP_PARTS]


def _steered(model: PromptedTransformer) -> list[Any]:
    """What adds a vector to all tokens before the first block, and before each later one."""
    return [model.kinds, *(block.mlp.outer_bias for block in model.blocks[:-1])]


def _low_rank_start(leaf: Array, key: Key[Array, ""], rank: int) -> tuple[Array, Array]:
    """Factors of a matrix [out in], the heads of a layer being one: N(0, 1/in) and zero."""
    inputs, outputs = leaf.shape[-1], math.prod(leaf.shape[:-1])
    inner = jax.random.normal(key, (rank, inputs), leaf.dtype) / math.sqrt(inputs)
    return inner, jnp.zeros((outputs, rank), leaf.dtype)


def _zeros(leaf: Array, key: Key[Array, ""], rank: int) -> Array:
    return jnp.zeros_like(leaf)


def _vector(leaf: Array, key: Key[Array, ""], rank: int) -> Array:
    return jnp.zeros_like(leaf[..., 0, :]) if leaf.ndim > 1 else jnp.zeros_like(leaf)


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
CHANGES: dict[str, Change] = {
    "output_scale": Change(lambda m: [m.readout], _zero, _scale),
    "matrix_scales": Change(lambda m: [m.embedding, *_matrices(m), m.readout], _zero, _scale),
    "objective": Change(lambda m: [m.kinds], _vector, lambda leaf, change: leaf.at[0].add(change)),
    "steering_1": Change(lambda m: [m.kinds], _vector, _add),
    "steering": Change(_steered, _vector, _add),
    "biases": Change(
        lambda m: [b for block in m.blocks for b in (block.mlp.inner_bias, block.mlp.outer_bias)],
        _zeros,
        _add,
    ),
    "mlp_1": Change(_mlp(0), _zeros, _add),
    "mlp_2": Change(_mlp(1), _zeros, _add),
    "mlp_3": Change(_mlp(2), _zeros, _add),
    "low_rank": Change(_matrices, _low_rank_start, _add_low_rank),
    "all": Change(
        lambda m: [
            *(m.embedding, m.kinds, m.readout),
            *_matrices(m),
            *(b for block in m.blocks for b in (block.mlp.inner_bias, block.mlp.outer_bias)),
        ],
        _zeros,
        _add,
    ),
}
"""What can be changed, from one number to everything."""


class Adapted(Learner):
    """A base and a change of a part of it."""

    base: PromptedTransformer
    change: list[Any]
    part: Part = eqx.field(static=True)

    def merged(self) -> PromptedTransformer:
        """The base with the change made."""
        leaves, _, apply = CHANGES[self.part]
        frozen = jax.lax.stop_gradient(self.base)
        changed = [apply(leaf, change) for leaf, change in zip(leaves(frozen), self.change, strict=True)]
        return eqx.tree_at(leaves, frozen, changed)

    def trajectory(self, prompt: Prompt) -> Float[Array, "blocks m"]:
        """Predictions read out after every block."""
        return self.merged().trajectory(prompt)


def count(tree: Any) -> int:
    """The number of parameters in a pytree."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(tree, eqx.is_array)))


def adapted(
    task: ObjectiveRegression,
    key: Key[Array, ""],
    *,
    part: Part,
    rank: PositiveInt = 1,
    random: bool = False,
) -> Adapted:
    """An unchanged base that is not told the objective; `rank` is for low_rank.

    The base is a random network, readout included, if asked for; otherwise it is NaN until weights are put in
    its place.
    """
    base_key, readout_key, change_key = jax.random.split(key, 3)
    build = eqx.Partial(prompted_transformer, task, base_key, told=False)
    base = build() if random else jax.tree.map(_missing, eqx.filter_eval_shape(build))
    if random:
        readout = jax.random.normal(readout_key, base.readout.shape) / math.sqrt(base.readout.shape[1])
        base = eqx.tree_at(lambda model: model.readout, base, readout)
    leaves, start, _ = CHANGES[part]
    found = leaves(base)
    keys = jax.random.split(change_key, len(found))
    return Adapted(base, [start(leaf, key, rank) for leaf, key in zip(found, keys, strict=True)], part)


def _missing(leaf: jax.ShapeDtypeStruct) -> Array:
    return jnp.full(leaf.shape, jnp.nan, leaf.dtype)
