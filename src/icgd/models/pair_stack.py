"""Regression prompts whose inputs and labels are tokens of their own (von Oswald et al. 2023, section 5).

Tokens alternate x_1, y_1, …, x_N, y_N, x_q, each (input slot, label slot, position code), an input with
an empty label slot and a label with an empty input slot. A layer of softmax attention can copy within
pairs, after which a layer of linear attention can take a gradient step: an induction head.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.models.layers import Attention, Kernel, initial_attention
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate

LONGEST = 10_000.0
"""Ratio of the longest to the shortest period of the position code."""


def frequencies(codes: int) -> np.ndarray:
    """ω_i of the position code of even size `codes`: from 1 down, in a geometric sequence."""
    return LONGEST ** (-np.arange(0, codes, 2) / codes)


def position_codes(length: int, codes: int) -> Float[np.ndarray, "t codes"]:
    """sin ω_i t and cos ω_i t, one after the other (Vaswani et al. 2017)."""
    angles = np.arange(length)[:, None] * frequencies(codes)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, codes)


def tokenised(prompt: Prompt, codes: int) -> Float[Array, "t e"]:
    """The prompt's 2N + 1 tokens of width d + m + codes; all of them see each other."""
    (n, d), m = prompt.x.shape, prompt.y.shape[-1]
    tokens = jnp.zeros((2 * n + 1, d + m + codes), prompt.x.dtype)
    tokens = tokens.at[0::2, :d].set(jnp.concatenate([prompt.x, prompt.query[None]]))
    tokens = tokens.at[1::2, d : d + m].set(prompt.y)
    return tokens.at[:, d + m :].set(position_codes(2 * n + 1, codes))


class PairTransformer(Learner):
    """A layer that copies, then a layer that predicts, on alternating tokens."""

    copying: Attention
    step: Attention
    codes: int = eqx.field(static=True)

    def trajectory(self, prompt: Prompt) -> Float[Array, "2 m"]:
        """Minus the query's label slot after each of the layers."""
        return self.after(prompt, self.tokens(prompt))

    def tokens(self, prompt: Prompt) -> Float[Array, "t e"]:
        """What the first layer reads."""
        return tokenised(prompt, self.codes)

    def maps(self, prompt: Prompt) -> Float[Array, "h t t"]:
        """The first layer's attention [head, reading token, token read]."""
        tokens = self.tokens(prompt)
        return self.copying.maps(tokens, tokens)

    def after(
        self, prompt: Prompt, tokens: Float[Array, "t e"], maps: Float[Array, "h t t"] | None = None
    ) -> Float[Array, "2 m"]:
        """Predictions after each layer, with `maps` in place of the first layer's attention if given."""
        tokens = tokens + self.copying(tokens, tokens, maps)
        query = tokens[-1:]
        both = jnp.concatenate([query, query + self.step(query, tokens)])
        d, m = prompt.query.shape[-1], prompt.y.shape[-1]
        return -both[:, d : d + m]


def pair_stack(
    task: LinearRegression,
    key: Key[Array, ""],
    *,
    codes: PositiveInt = 10,
    initial_scale: PositiveFloat = 0.5,
) -> PairTransformer:
    """Untrained layers of one head, the first softmax and the second linear; entries N(0, scale²/e)."""
    if codes % 2:
        raise ValueError(
            f"codes is {codes}, but a code has a sine and a cosine each; expected an even number"
        )
    width = task.dimension + task.outputs + codes
    first, second = jax.random.split(key)
    copying = initial_attention(first, width, initial_scale, kernel="softmax")
    return PairTransformer(copying, initial_attention(second, width, initial_scale), codes)


def induction_layers(
    d: int, m: int, codes: int, sharpness: Array | float, rate_per_example: float
) -> PairTransformer:
    """Weights with which every label reads the token before it and the query takes a step from W = 0.

    Turning the code by one position back, logits are β Σ_i cos ω_i (t − s − 1). Labels thus copy their
    inputs; inputs read a label, whose input slot is empty. The error falls as exp(−0.46 β) for ten codes.
    """
    width = d + m + codes
    inputs, labels, positions = (np.zeros((width, width)) for _ in range(3))
    inputs[:d, :d], labels[d : d + m, d : d + m] = np.eye(d), np.eye(m)
    positions[d + m :, d + m :] = np.eye(codes)
    back = np.zeros((width, width))
    for place, omega in enumerate(frequencies(codes)):
        cos, sin = np.cos(omega), np.sin(omega)
        rows = slice(d + m + 2 * place, d + m + 2 * place + 2)
        back[rows, rows] = [[cos, -sin], [sin, cos]]

    def layer(kernel: Kernel, *matrices: Array | np.ndarray) -> Attention:
        key, query, value, projection = (jnp.asarray(matrix, float)[None] for matrix in matrices)
        return Attention(key, query, value, projection, kernel=kernel)

    copying = layer("softmax", positions, sharpness * back, inputs, inputs)
    return PairTransformer(
        copying, layer("linear", inputs, inputs, -labels, rate_per_example * labels), codes
    )


def induction_head(
    task: LinearRegression, key: Key[Array, ""], *, codes: PositiveInt = 10, sharpness: PositiveFloat = 100.0
) -> PairTransformer:
    """`induction_layers` at the optimal one-step rate for `task`; `sharpness` is β."""
    rate = optimal_learning_rate(task) / task.context_length
    return induction_layers(task.dimension, task.outputs, codes, sharpness, rate)
