"""Linear regression whose answer depends on the objective that the prompt names: L1, L2 or L∞.

y_j = s(w·x_j + ε_j) with w ~ N(0, I/d) and noise of standard deviation σ from one of three families, each
the natural one of an objective: outliers (L1), Gaussian (L2), arcsine (L∞).
"""

import math
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from icgd.objectives.dial import OBJECTIVES, Dial, descend
from icgd.objectives.splitting import exact_weights
from icgd.prompt import Prompt
from icgd.ranges import Fraction, NonNegativeFloat, PositiveFloat, PositiveInt
from icgd.task import RegressionTask

Noise = Literal["outliers", "gaussian", "arcsine", "mixed"]
Inputs = Literal["normal", "uniform", "laplace"]
Confound = Literal["none", "noise", "scale"]
Asked = Literal["any", "l1", "l2", "linf"]
Target = Literal["descent", "exact", "clean"]
FAMILIES: tuple[Noise, ...] = ("outliers", "gaussian", "arcsine")
SCALES = (0.5, 1.0, 2.0)
"""Scales of the labels that a confound ties to L1, L2 and L∞."""
OUTLIERS = 0.2
"""The share of examples that have noise at all in the family of outliers."""


class ObjectiveRegression(RegressionTask):
    """Prompts with an objective.

    target: what `steps` smoothed steps on the objective predict (descent), what its minimiser predicts
    (exact), or s w·x_q (clean). noise: a family, or a random one for each prompt (mixed). A confound ties the
    family of the noise, or the scale s of the labels, to the objective, except in the share `untied` of the
    prompts, where it is random. Inputs of all laws have variance input_scale².
    """

    dimension: PositiveInt = eqx.field(static=True, default=5)
    context_length: PositiveInt = eqx.field(static=True, default=12)
    objective: Asked = eqx.field(static=True, default="any")
    noise: Noise = eqx.field(static=True, default="mixed")
    inputs: Inputs = eqx.field(static=True, default="normal")
    confound: Confound = eqx.field(static=True, default="none")
    untied: Fraction = 0.0
    noise_scale: NonNegativeFloat = 0.5
    input_scale: PositiveFloat = 1.0
    label_scale: PositiveFloat = 1.0
    target: Target = eqx.field(static=True, default="descent")
    steps: PositiveInt = eqx.field(static=True, default=3)
    temperature: PositiveFloat = 0.2
    sharpness: PositiveFloat = 5.0
    l1_rate: PositiveFloat = 0.5
    l2_rate: PositiveFloat = 0.5
    linf_rate: PositiveFloat = 0.5

    def dial(self, objective: str) -> Dial:
        """The smoothed algorithm of an objective, the same at every step."""
        settings = {
            "l1": (self.l1_rate, self.temperature, 0.0),
            "l2": (self.l2_rate, math.inf, 0.0),
            "linf": (self.linf_rate, self.temperature, self.sharpness),
        }
        return Dial(*(jnp.full(self.steps, number) for number in settings[objective]))

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """One prompt in float32 and its target of shape [1]."""
        n, d = self.context_length, self.dimension
        inputs_key, weight_key, noise_key, which_key = jax.random.split(key, 4)
        inputs = self.input_scale * self._draw(inputs_key, (n + 1) * d).reshape(n + 1, d)
        weight = jax.random.normal(weight_key, (d,), jnp.float32) / math.sqrt(d)
        objective, family, scale = self._choose(which_key)
        noise = self.noise_scale * unit_noise(noise_key, n)[family]
        x, query = inputs[:n], inputs[n]
        y = scale * (x @ weight + noise)
        fit = scale * weight if self.target == "clean" else self._fits(x, y)[objective]
        asked = jax.nn.one_hot(objective, len(OBJECTIVES), dtype=jnp.float32)
        return Prompt(x, y[:, None], query, asked), (fit @ query)[None]

    def _draw(self, key: Key[Array, ""], count: int) -> Float[Array, " count"]:
        """Entries of variance one."""
        if self.inputs == "uniform":
            return math.sqrt(3) * jax.random.uniform(key, (count,), jnp.float32, -1.0, 1.0)
        if self.inputs == "laplace":
            return jax.random.laplace(key, (count,), jnp.float32) / math.sqrt(2)
        return jax.random.normal(key, (count,), jnp.float32)

    def _fits(self, x: Float[Array, "n d"], y: Float[Array, " n"]) -> Float[Array, "o d"]:
        """The weights that each objective's algorithm, or its minimiser, ends at."""
        if self.target == "exact":
            return exact_weights(x, y)
        return jnp.stack([descend(x, y, self.dial(name))[-1] for name in OBJECTIVES])

    def _choose(self, key: Key[Array, ""]) -> tuple[Int[Array, ""], Int[Array, ""], Float[Array, ""]]:
        """The indices of the objective and of the family of noise, and the scale of the labels."""
        objective_key, family_key, untied_key, scale_key = jax.random.split(key, 4)
        objective = jax.random.randint(objective_key, (), 0, len(OBJECTIVES))
        if self.objective != "any":
            objective = jnp.asarray(OBJECTIVES.index(self.objective))
        family = jax.random.randint(family_key, (), 0, len(FAMILIES))
        if self.noise != "mixed":
            family = jnp.asarray(FAMILIES.index(self.noise))
        scale, free = jnp.asarray(1.0), jax.random.uniform(untied_key) < self.untied
        if self.confound == "noise":
            family = jnp.where(free, family, objective)
        if self.confound == "scale":
            other = jax.random.randint(scale_key, (), 0, len(SCALES))
            scale = jnp.asarray(SCALES)[jnp.where(free, other, objective)]
        return objective, family, self.label_scale * scale.astype(jnp.float32)


def unit_noise(key: Key[Array, ""], n: int) -> Float[Array, "3 n"]:
    """Noise of variance one from each family, in float32."""
    normal_key, uniform_key, angle_key = jax.random.split(key, 3)
    normal = jax.random.normal(normal_key, (n,), jnp.float32)
    hit = jax.random.uniform(uniform_key, (n,), jnp.float32) < OUTLIERS
    angle = jax.random.uniform(angle_key, (n,), jnp.float32, 0.0, 2 * math.pi)
    return jnp.stack(
        [jnp.where(hit, normal / math.sqrt(OUTLIERS), 0.0), normal, math.sqrt(2) * jnp.sin(angle)]
    )
