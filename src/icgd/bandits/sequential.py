"""Policies that depend on the order of what happened."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from icgd.bandits.policy import Policy, is_pull, log_of


class Preferences(NamedTuple):
    """Preferences of the arms, and the sum and number of rewards so far."""

    values: Float[Array, " a"]
    rewards: Float[Array, ""]
    pulls: Float[Array, ""]


class GradientBandit(Policy):
    """Gradient ascent on reward: π = softmax(H), H ← H + α (r − b)(1_a − π), α the parameter.

    The step's mean over pulls and rewards is the gradient of π·μ (Sutton and Barto 2018, section 2.8). The
    baseline b is ½, or the mean of the rewards before.
    """

    parameter: Float[Array, ""]
    arms: int = eqx.field(static=True)
    running: bool = eqx.field(static=True, default=False)
    grid: ClassVar[tuple[float, ...]] = tuple(np.geomspace(0.1, 32.0, 48).tolist())

    def start(self, pulls: int) -> Preferences:
        """All arms alike."""
        return Preferences(jnp.zeros(self.arms), jnp.zeros(()), jnp.zeros(()))

    def step(self, kept: Preferences, token: Int[Array, ""]) -> tuple[Preferences, Float[Array, " a"]]:
        """One step for a pull, none for the start."""
        values, rewards, pulls = kept
        pulled, reward = is_pull(token, self.arms), token % 2
        mean = jnp.where(pulls > 0, rewards / jnp.maximum(pulls, 1), 0.5)
        surprise = reward - (mean if self.running else 0.5)
        direction = jax.nn.one_hot(token // 2, self.arms) - jax.nn.softmax(values)
        values = values + pulled * self.parameter * surprise * direction
        return Preferences(values, rewards + pulled * reward, pulls + pulled), values


class ExponentialWeights(Policy):
    """EXP3: weights grow by exp(γ r/(A p_a)), p = (1 − γ) w/Σw + γ/A, γ the parameter (Auer et al. 2002)."""

    parameter: Float[Array, ""]
    arms: int = eqx.field(static=True)
    grid: ClassVar[tuple[float, ...]] = tuple(np.geomspace(0.01, 0.9, 30).tolist())

    def start(self, pulls: int) -> Float[Array, " a"]:
        """Logarithms of equal weights."""
        return jnp.zeros(self.arms)

    def _mixed(self, weights: Float[Array, " a"]) -> Float[Array, " a"]:
        return (1 - self.parameter) * jax.nn.softmax(weights) + self.parameter / self.arms

    def step(self, kept: Float[Array, " a"], token: Int[Array, ""]) -> tuple[Array, Float[Array, " a"]]:
        """The reward over the chance with which it was drawn."""
        arm = jax.nn.one_hot(token // 2, self.arms) * is_pull(token, self.arms)
        kept = kept + self.parameter / self.arms * arm * (token % 2) / self._mixed(kept)
        return kept, log_of(self._mixed(kept))


class WinStayLoseShift(Policy):
    """The last arm again after a reward, else any of the others; a share, the parameter, of random pulls."""

    parameter: Float[Array, ""]
    arms: int = eqx.field(static=True)
    grid: ClassVar[tuple[float, ...]] = (0.0, *np.geomspace(0.01, 1.0, 25).tolist())

    def start(self, pulls: int) -> tuple[()]:
        """The last token says all."""
        return ()

    def step(self, kept: tuple[()], token: Int[Array, ""]) -> tuple[tuple[()], Float[Array, " a"]]:
        """All arms alike at the start."""
        last = jax.nn.one_hot(token // 2, self.arms)
        chosen = jnp.where(token % 2 == 1, last, (1 - last) / (self.arms - 1))
        chosen = jnp.where(is_pull(token, self.arms), chosen, 1 / self.arms)
        return kept, log_of((1 - self.parameter) * chosen + self.parameter / self.arms)
