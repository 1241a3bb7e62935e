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
from icgd.prompt import Prompt, Queried
from icgd.ranges import Fraction, NonNegativeFloat, PositiveFloat, PositiveInt
from icgd.task import RegressionTask

Noise = Literal["outliers", "gaussian", "arcsine", "mixed"]
Inputs = Literal["normal", "uniform", "laplace"]
Confound = Literal["none", "noise", "scale"]
Asked = Literal["any", "l1", "l2", "linf"]
Target = Literal["descent", "objective"]
FAMILIES: tuple[Noise, ...] = ("outliers", "gaussian", "arcsine")
SCALES = (0.5, 1.0, 2.0)
"""Scales of the labels that a confound ties to L1, L2 and L∞."""
OUTLIERS = 0.2
"""The share of examples that have noise at all in the family of outliers."""


class ObjectiveRegression(RegressionTask):
    """Prompts with an objective.

    target: what `steps` smoothed steps on the objective predict (descent), or nothing but the objective
    itself (objective): then the queries are the examples' own inputs, and the loss is the objective's value
    there over its value for w = 0; for learners that could look a label up it means nothing. noise: a
    family, or a random one for each prompt (mixed). A confound ties the family of the noise, or the scale s
    of the labels, to the objective, except in the share `untied` of the prompts, where it is random. Inputs
    of all laws have variance input_scale². Step k of descent has the rate rate·decay^k.
    """

    dimension: PositiveInt = eqx.field(static=True, default=3)
    context_length: PositiveInt = eqx.field(static=True, default=12)
    queries: PositiveInt = eqx.field(static=True, default=1)
    objective: Asked = eqx.field(static=True, default="any")
    noise: Noise = eqx.field(static=True, default="mixed")
    inputs: Inputs = eqx.field(static=True, default="normal")
    confound: Confound = eqx.field(static=True, default="none")
    untied: Fraction = 0.0
    noise_scale: NonNegativeFloat = 1.0
    input_scale: PositiveFloat = 1.0
    label_scale: PositiveFloat = 1.0
    target: Target = eqx.field(static=True, default="descent")
    steps: PositiveInt = eqx.field(static=True, default=5)
    l1_rate: PositiveFloat = 2.5
    l1_decay: PositiveFloat = 0.55
    l1_temperature: PositiveFloat = 0.2
    l2_rate: PositiveFloat = 1.3
    l2_decay: PositiveFloat = 0.7
    linf_rate: PositiveFloat = 0.6
    linf_decay: PositiveFloat = 0.7
    linf_temperature: PositiveFloat = 0.4
    linf_sharpness: PositiveFloat = 5.0

    def dial(self, objective: str) -> Dial:
        """The smoothed algorithm of an objective, a setting for each step."""
        rate, decay, tau, beta = {
            "l1": (self.l1_rate, self.l1_decay, self.l1_temperature, 0.0),
            "l2": (self.l2_rate, self.l2_decay, math.inf, 0.0),
            "linf": (self.linf_rate, self.linf_decay, self.linf_temperature, self.linf_sharpness),
        }[objective]
        rates = rate * decay ** jnp.arange(self.steps)
        return Dial(rates, jnp.full(self.steps, tau), jnp.full(self.steps, beta))

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"] | Float[Array, "q m"]]:
        """One prompt in float32 and its target of shape [1], for several queries [q 1]; see `loss`."""
        n, d, q = self.context_length, self.dimension, self.queries
        inputs_key, weight_key, noise_key, which_key = jax.random.split(key, 4)
        inputs = self.input_scale * self._draw(inputs_key, (n + q) * d).reshape(n + q, d)
        weight = jax.random.normal(weight_key, (d,), jnp.float32) / math.sqrt(d)
        objective, family, scale = self._choose(which_key)
        noise = self.noise_scale * unit_noise(noise_key, n)[family]
        x, queries = inputs[:n], inputs[n:]
        y = scale * (x @ weight + noise)
        asked = jax.nn.one_hot(objective, len(OBJECTIVES), dtype=jnp.float32)
        if self.target == "objective":
            return Queried(x, y[:, None], x, asked), jnp.concatenate([y, asked])[:, None]
        fits = jnp.stack([descend(x, y, self.dial(name))[-1] for name in OBJECTIVES])
        answers = (queries @ fits[objective])[:, None]
        if q == 1:
            return Prompt(x, y[:, None], queries[0], asked), answers[0]
        return Queried(x, y[:, None], queries, asked), answers

    def loss(self, prediction: Float[Array, "*q m"], target: Float[Array, "*k m"]) -> Float[Array, ""]:
        """½ (ŷ − y)², mean over queries; or V_o(y − ŷ)/V_o(y) of the objective asked for.

        There the target holds the labels and then what is asked for.
        """
        if self.target == "descent":
            return 0.5 * jnp.mean((prediction - target) ** 2)
        count = len(OBJECTIVES)
        fitted, labels, asked = prediction[:, 0], target[:-count, 0], target[-count:, 0]
        return asked @ (values_of(labels - fitted) / values_of(labels))

    def _draw(self, key: Key[Array, ""], count: int) -> Float[Array, " count"]:
        """Entries of variance one."""
        if self.inputs == "uniform":
            return math.sqrt(3) * jax.random.uniform(key, (count,), jnp.float32, -1.0, 1.0)
        if self.inputs == "laplace":
            return jax.random.laplace(key, (count,), jnp.float32) / math.sqrt(2)
        return jax.random.normal(key, (count,), jnp.float32)

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


def values_of(residuals: Float[Array, "*p n"]) -> Float[Array, "*p 3"]:
    """mean |r|, mean r² and max |r|: the value of each objective, in their order."""
    size = jnp.abs(residuals)
    return jnp.stack([jnp.mean(size, -1), jnp.mean(size**2, -1), jnp.max(size, -1)], axis=-1)


def unit_noise(key: Key[Array, ""], n: int) -> Float[Array, "3 n"]:
    """Noise of variance one from each family, in float32."""
    normal_key, uniform_key, angle_key = jax.random.split(key, 3)
    normal = jax.random.normal(normal_key, (n,), jnp.float32)
    hit = jax.random.uniform(uniform_key, (n,), jnp.float32) < OUTLIERS
    angle = jax.random.uniform(angle_key, (n,), jnp.float32, 0.0, 2 * math.pi)
    return jnp.stack(
        [jnp.where(hit, normal / math.sqrt(OUTLIERS), 0.0), normal, math.sqrt(2) * jnp.sin(angle)]
    )
