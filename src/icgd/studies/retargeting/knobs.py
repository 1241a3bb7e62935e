"""Knobs that no training turns: the objective that a prompt asks for, and the dial of a circuit."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.distances import predict
from icgd.constructions.objective_circuit import dial_circuit
from icgd.learner import Learner
from icgd.models.blocks import PromptedTransformer
from icgd.objectives.dial import OBJECTIVES, Dial, Objective
from icgd.prompt import Prompt
from icgd.tasks.objective_regression import ObjectiveRegression

HOME: Objective = "l2"
"""The objective that knobs are turned away from."""
FAR = 1e4
"""The temperature that stands for τ = ∞ in a circuit."""


def asking(prompts: Prompt, objective: str) -> Prompt:
    """The same prompts with another objective."""
    assert prompts.objective is not None
    row = jax.nn.one_hot(OBJECTIVES.index(objective), len(OBJECTIVES), dtype=prompts.x.dtype)
    return dataclasses.replace(prompts, objective=jnp.broadcast_to(row, prompts.objective.shape))


def answers(learners: Learner, prompts: Prompt, objective: str) -> Float[Array, "seeds p"]:
    """Predictions of a stack of learners when asked for an objective."""
    return predict(learners, asking(prompts, objective))[..., 0]


def dialled(task: ObjectiveRegression, objective: str) -> Dial:
    """The dial's setting for an objective; for L2 a temperature so high that tanh(r/τ) is r/τ."""
    if objective != HOME:
        return task.dial(objective)
    count = task.steps
    return Dial(jnp.full(count, FAR * task.l2_rate), jnp.full(count, FAR), jnp.zeros(count))


def turned(task: ObjectiveRegression, objective: str) -> PromptedTransformer:
    """The circuit without a prompt, its dial turned to an objective."""
    return dial_circuit(task.dimension, task.context_length, dialled(task, objective))
