"""Knobs: the objective that a prompt asks for, and the dial of a circuit; and the algorithms they stand
beside.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.analysis.attainment import Implied, Ruler, fresh_queries, implied_weights
from icgd.analysis.study import Population, Study
from icgd.constructions.objective_circuit import dial_circuit
from icgd.learner import Learner
from icgd.models.blocks import PromptedTransformer
from icgd.objectives.dial import OBJECTIVES, Dial, Objective
from icgd.prompt import Prompt
from icgd.tasks.objective_regression import ObjectiveRegression

HOME: Objective = "l2"
"""The objective that knobs are turned away from."""
DESCENT = {"l1": "l1", "l2": "l2", "linf": "linf"}
"""The explicit algorithm of each objective."""
EXPLICIT = "explicit"
"""The algorithms as one learner, whose knob chooses among them."""
FAR = 1e4
"""The temperature that stands for τ = ∞ in a circuit."""


def asking(prompts: Prompt, objective: str) -> Prompt:
    """The same prompts with another objective."""
    row = jax.nn.one_hot(OBJECTIVES.index(objective), len(OBJECTIVES), dtype=prompts.x.dtype)
    return told(prompts, row)


def told(prompts: Prompt, objective: Float[Array, " o"]) -> Prompt:
    """The same prompts, all with what is told of the objective."""
    shape = (*prompts.x.shape[:-2], len(objective))
    return dataclasses.replace(prompts, objective=jnp.broadcast_to(objective, shape))


def queries(study: Study, dimension: int) -> Float[Array, "q d"]:
    """The fresh queries at which learners of a study are asked."""
    return fresh_queries(study.key("queries"), dimension)


def asked_weights(learners: Learner, prompts: Prompt, at: Float[Array, "q d"], objective: str) -> Implied:
    """Implied weights of a stack of learners when they are asked for an objective."""
    return implied_weights(learners, asking(prompts, objective), at)


def explicit_matrix(study: Study, ruler: Ruler, at: Float[Array, "q d"]) -> Float[Array, "3 3"]:
    """What each explicit algorithm attains of each objective: [algorithm, objective]."""
    rows = [
        ruler.attained(asked_weights(study.learners[DESCENT[o]].learner, ruler.prompts, at, o).weights)[0]
        for o in OBJECTIVES
    ]
    return jnp.stack(rows)


def dialled(task: ObjectiveRegression, objective: str) -> Dial:
    """The dial's setting for an objective; for L2 a temperature so high that tanh(r/τ) is r/τ."""
    if objective != HOME:
        return task.dial(objective)
    rate = task.dial(HOME).rate
    return Dial(FAR * rate, jnp.full(task.steps, FAR), jnp.zeros(task.steps))


def turned(task: ObjectiveRegression, objective: str) -> PromptedTransformer:
    """The circuit without a prompt, its dial turned to an objective."""
    return dial_circuit(task.dimension, task.context_length, dialled(task, objective))


def bootstrap(study: Study, ruler: Ruler, weights: Float[Array, "s p d"], name: str, asked: str) -> Array:
    """Low and high attainment of each objective, by bootstrap over prompts within seeds."""
    key: Key[Array, ""] = study.key("bootstrap", name, asked)
    return ruler.interval(weights, key)


def population(study: Study, name: str, objective: str) -> Population:
    """A learner, or the explicit algorithm of the objective."""
    return study.learners[DESCENT[objective] if name == EXPLICIT else name]
