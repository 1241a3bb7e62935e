"""Policy gradient on a learner's own pulls, as a loss: RL² (Duan et al. 2016, Wang et al. 2016).

In place of a history a learner is given an `Episode`: an environment that it plays. What it did is its
prediction, and the loss of that is one whose gradient is the policy gradient.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from icgd.bandits.policy import Environment

TRACE = 0.95
"""λ of generalised advantage estimation (Schulman et al. 2016); the discount is 1."""


class Episode(eqx.Module):
    """An environment to be played, the first token, and what a pull of each arm is worth."""

    chance: Environment
    first: Int[Array, "*batch"]
    worth: Float[Array, "*batch a"]


class Outcome(NamedTuple):
    """Logits, chosen arms as one-hot rows and estimated values of what is left, at every pull."""

    logits: Float[Array, "t a"]
    chosen: Float[Array, "t a"]
    values: Float[Array, " t"]

    def packed(self) -> Float[Array, "t packed"]:
        """As one array, which a prediction is."""
        return jnp.concatenate([self.logits, self.chosen, self.values[:, None]], axis=1)


def unpacked(prediction: Float[Array, "t packed"]) -> Outcome:
    """The parts of a packed outcome."""
    arms = prediction.shape[1] // 2
    return Outcome(prediction[:, :arms], prediction[:, arms : 2 * arms], prediction[:, -1])


def advantages(worth: Float[Array, " t"], values: Float[Array, " t"]) -> Float[Array, " t"]:
    """GAE: Σ_k λ^k δ_{t+k} with δ_t = worth_t + V_{t+1} − V_t, V zero after the end."""
    deltas = worth + jnp.append(values[1:], 0.0) - values

    def back(after: Array, delta: Array) -> tuple[Array, Array]:
        found = delta + TRACE * after
        return found, found

    return jax.lax.scan(back, jnp.zeros_like(deltas[0]), deltas, reverse=True)[1]


def surrogate(
    prediction: Float[Array, "t packed"], worth: Float[Array, " a"], entropy: float
) -> Float[Array, ""]:
    """−Σ_t log π(a_t) Â_t + ½ Σ_t (V_t − G_t)²/T − entropy Σ_t H(π_t), over T.

    What a pull is worth is its mean, not the reward that was drawn: the same gradient with less noise.
    """
    logits, chosen, values = unpacked(prediction)
    gained = chosen @ worth
    gain = jax.lax.stop_gradient(advantages(gained, values))
    logs = jax.nn.log_softmax(logits)
    ahead = jnp.cumsum(gained[::-1])[::-1]
    policy = -jnp.sum(jnp.sum(chosen * logs, axis=1) * gain)
    value = 0.5 * jnp.sum((values - ahead) ** 2) / len(values)
    spread = -jnp.sum(jnp.exp(logs) * logs)
    return (policy + value - entropy * spread) / len(values)
