"""Sine waves in context (von Oswald et al. 2023, section 4).

y = A sin(x + φ) with amplitude A ~ U(0.1, 0.5), phase φ ~ U(0, π) and x ~ U(−5, 5). As A sin(x + φ) =
(A cos φ) sin x + (A sin φ) cos x, a wave is linear in two features, with weights that are not centred:
E[y | x] = 2 E[A] cos(x)/π.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.task import RegressionTask

AMPLITUDES = (0.1, 0.5)
REACH = 5.0


class SineWaves(RegressionTask):
    """Prompts of scalar waves; `dependent` draws amplitude and phase from one uniform number.

    The dependent law is that of the source paper's code, which uses the same key for both.
    """

    context_length: PositiveInt = eqx.field(static=True, default=10)
    amplitude_scale: PositiveFloat = 1.0
    phase_shift: float = 0.0
    """Added to every phase, in units of π."""
    input_scale: PositiveFloat = 1.0
    dependent: bool = eqx.field(static=True, default=False)

    def wave(
        self, first: Float[Array, "*any"], second: Float[Array, "*any"]
    ) -> tuple[Float[Array, "*any"], Float[Array, "*any"]]:
        """Amplitudes and phases from pairs of uniform numbers."""
        low, high = AMPLITUDES
        turn = first if self.dependent else second
        amplitude = self.amplitude_scale * (low + (high - low) * first)
        return amplitude, math.pi * (turn + self.phase_shift)

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """One prompt in float32 and its target of shape [1]."""
        wave_key, inputs_key = jax.random.split(key)
        amplitude, phase = self.wave(*jax.random.uniform(wave_key, (2,), jnp.float32))
        reach, n = self.input_scale * REACH, self.context_length
        x = jax.random.uniform(inputs_key, (n + 1, 1), jnp.float32, -reach, reach)
        y = amplitude * jnp.sin(x + phase)
        return Prompt(x[:n], y[:n], x[n]), y[n]
