"""Learners on features of the inputs (von Oswald et al. 2023, section 4).

A residual MLP on every token's x gives features φ(x) = e + MLP(e), e = w x + b; any learner then works
on the prompt (φ(x_j), y_j), φ(x_q). With an attention layer this is a transformer with its MLP, with
gradient descent it is a meta-learned network whose output layer takes steps from a learned W₀.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.algorithms.descent import GradientDescent
from icgd.algorithms.least_squares import Ridge
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.models.layers import MLP, initial_attention, initial_mlp
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.sine_waves import SineWaves

WIDTH, HIDDEN = 40, 160
"""Of the source paper's features and of their MLP."""
FITTED_ON = 16384
"""Prompts that one free number is fitted on: features of all would not fit into memory."""
BIAS_SCALE = 2.0
"""Spreads the kinks of the embedding over the inputs' range."""


class Features(eqx.Module):
    """φ(x) = e + MLP(e) with the embedding e = w x + b."""

    embedding: Float[Array, "w d"]
    embedding_bias: Float[Array, " w"]
    mlp: MLP

    def __call__(self, x: Float[Array, "*any d"]) -> Float[Array, "*any w"]:
        """Features of inputs [… d]."""
        embedded = x @ self.embedding.T + self.embedding_bias
        return embedded + self.mlp(embedded)


class Affine(eqx.Module):
    """φ(x) = (x, 1): the inputs themselves."""

    def __call__(self, x: Float[Array, "*any d"]) -> Float[Array, "*any d+1"]:
        """Inputs [… d] with a one appended."""
        return jnp.concatenate([x, jnp.ones_like(x[..., :1])], axis=-1)


class Constant(Learner):
    """W φ(x_q) for every prompt: what an output layer does that takes no step."""

    weights: Float[Array, "m d"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction."""
        return (self.weights @ prompt.query)[None]


class OnFeatures(Learner):
    """A learner that is given features of the inputs in place of the inputs."""

    features: Features | Affine
    head: Transformer | GradientDescent | Ridge | Constant

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        """The head's predictions."""
        return self.head.trajectory(self.lift(prompt))

    def lift(self, prompt: Prompt) -> Prompt:
        """The prompt, or a stack of them, that the head sees."""
        return dataclasses.replace(prompt, x=self.features(prompt.x), query=self.features(prompt.query))

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "OnFeatures":
        """With the head's free number, a step's rate or a ridge's penalty, fitted on the first prompts."""
        few, targets = jax.tree.map(lambda a: a[:FITTED_ON], prompts), targets[:FITTED_ON]
        lifted = jax.tree.map(lambda a: a.astype(float), self.lift(few))
        if isinstance(self.head, GradientDescent):
            return dataclasses.replace(self, head=self.head.fitted_step(lifted, targets))
        assert isinstance(self.head, Ridge)
        return dataclasses.replace(self, head=self.head.fitted(lifted, targets))


def _features(key: Key[Array, ""], scale: float) -> Features:
    weight, bias, mlp = jax.random.split(key, 3)
    return Features(
        scale * jax.random.normal(weight, (WIDTH, 1), jnp.float32),
        BIAS_SCALE * jax.random.normal(bias, (WIDTH,), jnp.float32),
        initial_mlp(mlp, WIDTH, HIDDEN),
    )


def feature_transformer(
    task: SineWaves,
    key: Key[Array, ""],
    *,
    layers: PositiveInt = 1,
    initial_scale: PositiveFloat = 0.2,
    embedding_scale: PositiveFloat = 0.5,
) -> OnFeatures:
    """Untrained: features, then layers of linear attention on tokens (φ(x), y), from a W₀ that is trained."""
    features, *keys = jax.random.split(key, 1 + layers)
    stack = tuple(initial_attention(k, WIDTH + 1, initial_scale) for k in keys)
    return OnFeatures(_features(features, embedding_scale), Transformer(stack, _zero()))


def meta_learned(
    task: SineWaves,
    key: Key[Array, ""],
    *,
    steps: PositiveInt = 1,
    rate: PositiveFloat = 0.1,
    embedding_scale: PositiveFloat = 0.5,
) -> OnFeatures:
    """Untrained: features, then gradient steps on the output layer, W₀ and their rates being trained."""
    rates = jnp.full(steps, rate, jnp.float32)
    return OnFeatures(_features(key, embedding_scale), GradientDescent(rates, task.context_length, _zero()))


def without_step(task: SineWaves, key: Key[Array, ""], *, embedding_scale: PositiveFloat = 0.5) -> OnFeatures:
    """Untrained: features and an output layer that takes no step."""
    return OnFeatures(_features(key, embedding_scale), Constant(_zero()))


def random_features(
    task: SineWaves, key: Key[Array, ""], *, embedding_scale: PositiveFloat = 0.5
) -> OnFeatures:
    """Ridge regression on features that are never trained, its penalty still to be fitted."""
    return OnFeatures(_features(key, embedding_scale), Ridge(jnp.ones(()), free=True))


def step_on_inputs(task: SineWaves, key: Key[Array, ""]) -> OnFeatures:
    """One gradient step of a linear function of (x, 1), its rate still to be fitted."""
    return OnFeatures(Affine(), GradientDescent(jnp.ones(1), task.context_length))


def _zero() -> Float[Array, "1 w"]:
    return jnp.zeros((1, WIDTH), jnp.float32)
