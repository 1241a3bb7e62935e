"""Learners on features of the inputs (von Oswald et al. 2023, section 4).

A residual MLP on every token's x gives features φ(x) = e + MLP(e), e = w x + b; any learner then works
on the prompt (φ(x_j), y_j), φ(x_q). With an attention layer this is a transformer with its MLP, with
gradient descent it is a meta-learned network whose output layer takes steps from a learned W₀.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learners.base import Learner
from icgd.learners.layers import MLP, initial_mlp
from icgd.prompt import Prompt


class Features(eqx.Module):
    embedding: Float[Array, "w d"]
    embedding_bias: Float[Array, " w"]
    mlp: MLP

    def __call__(self, x: Float[Array, "*any d"]) -> Float[Array, "*any w"]:
        embedded = x @ self.embedding.T + self.embedding_bias
        return embedded + self.mlp(embedded)


class OnFeatures(Learner):
    features: Features
    head: Learner

    def trajectory(self, prompt: Prompt) -> Float[Array, "steps m"]:
        return self.head.trajectory(self.lift(prompt))

    def lift(self, prompt: Prompt) -> Prompt:
        return Prompt(self.features(prompt.x), prompt.y, self.features(prompt.query))
