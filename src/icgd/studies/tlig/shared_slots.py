"""Inputs and labels as tokens of their own that share their slots (TLIG, Prop. 3 and figure 5).

Of the 2N + 1 tokens x_1, y_1, …, x_q each has D entries, a label being (0, …, 0, y), and a position code of
ten more, appended once. A softmax layer, then a linear one; the query's token is read in neither. The
prediction is minus the query's last entry, which is the slowest cosine of its code: before training it is −1.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.layers import Attention
from icgd.models.pair_stack import position_codes
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat
from icgd.studies.tlig.source_models import source_attention
from icgd.tasks.linear_regression import LinearRegression

CODES = 10
SCALE = 0.02
"""Of the initial variances, before the division by the number of layers."""


class SharedSlots(Learner):
    """A layer of softmax attention, which can copy, then a layer of linear attention."""

    copying: Attention
    step: Attention

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction after both layers."""
        tokens = self.copied(raw_tokens(prompt))
        query = tokens[-1:]
        return -(query + self.step(query, tokens[:-1]))[:, -1:]

    def copied(self, raw: Float[Array, "t d"]) -> Float[Array, "t e"]:
        """The tokens after the first layer; logits are divided by √e."""
        tokens = jnp.concatenate([raw, jnp.asarray(position_codes(len(raw), CODES), raw.dtype)], axis=1)
        asking = tokens / math.sqrt(tokens.shape[1])
        return tokens + self.copying(asking, tokens[:-1])


def raw_tokens(prompt: Prompt) -> Float[Array, "t d"]:
    """Inputs and labels in turn, then the query, without position codes."""
    n, d = prompt.x.shape
    tokens = jnp.zeros((2 * n + 1, d), prompt.x.dtype)
    tokens = tokens.at[0::2].set(jnp.concatenate([prompt.x, prompt.query[None]]))
    return tokens.at[1::2, -1].set(prompt.y[:, 0])


def shared_slots(task: LinearRegression, key: Key[Array, ""], *, scale: PositiveFloat = SCALE) -> SharedSlots:
    """Untrained, of one head each; the source's initialisation."""
    if task.outputs != 1:
        raise ValueError(f"labels share one slot with inputs, but the task has {task.outputs} outputs")
    width = task.dimension + CODES
    first, second = (source_attention(part, width, scale / 2) for part in jax.random.split(key))
    softmax = Attention(first.key, first.query, first.value, first.projection, kernel="softmax")
    return SharedSlots(softmax, second)


def sensitivities(model: SharedSlots, raw: Float[Array, "t d"]) -> Float[Array, "c t d"]:
    """Gradients of the sum of all entries of token k after the first layer, for the c = 2N − 1 first tokens.

    With respect to the raw inputs of all tokens, whose codes are not among them.
    """
    count = len(raw) - 2

    def sums(raw: Array) -> Float[Array, " c"]:
        return model.copied(raw).sum(axis=1)[:count]

    return eqx.filter_jacrev(sums)(raw)
