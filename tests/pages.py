"""Answers of a page's learners beside those of the learners themselves."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from icgd.bandits.policy import Policy
from icgd.learner import Learner
from icgd.prompt import Prompt, TokenPrompt
from icgd.writeup.companion import rounded

PROMPTS = 1000
ANSWERS = """
const [panel, name, seed, x, y, query, objective] = arguments;
const found = data.find(held => held.name === panel).learners[name];
const model = decoded(found.model, found.steps.length - 1, seed);
const prompts = x.map((inputs, i) => ({ x: inputs, y: y[i], objective: objective[i] }));
return prompts.map((prompt, i) => ask(model, prompt, [query[i]])[0].at(-1));
"""
"""The last prediction on each of many prompts; arguments: panel, learner, place of the seed, prompts."""


HISTORY_ANSWERS = """
const [panel, name, policy, histories] = arguments;
const found = data.find(held => held.name === panel).learners[name];
const model = member(decoded(found.model, found.steps.length - 1, 0), policy);
return histories.map(tokens => POLICIES[model.kind](model, tokens).at(-1));
"""
"""The first seed's last logits on each of many histories; arguments: panel, learner, member, tokens."""


def histories_like(generator: np.random.Generator, count: int, arms: int, pulls: int) -> np.ndarray:
    """Histories of random arms and rewards, told to seek the most reward, as tokens."""
    tokens = generator.integers(0, 2 * arms, (count, pulls))
    tokens[:, 0] = 2 * arms
    return tokens


def logits_differ(policy: Policy, tokens: np.ndarray, there: Sequence[Any]) -> float:
    """The largest difference of a page's logits to those of a policy with rounded weights."""
    held = jax.tree.map(lambda a: a.astype(float) if eqx.is_array(a) else a, rounded(policy))
    here = np.asarray(jax.jit(jax.vmap(held))(TokenPrompt(jnp.asarray(tokens))))[:, -1]
    return float(np.max(abs(np.asarray(there, float) - here)))


def prompts_like(
    generator: np.random.Generator, count: int, n: int, width: int, told: int = 0
) -> tuple[list, list, list, list]:
    """Inputs, labels, queries and objectives of so many numbers, uniform as the paper's tasks nearly are."""
    shapes = ((count, n, width), (count, n), (count, width), (count, told))
    x, y, query, objective = (generator.uniform(-1.7, 1.7, shape) for shape in shapes)
    return x.tolist(), y.tolist(), query.tolist(), objective.tolist()


def answers_differ(learner: Learner, prompts: tuple[list, list, list, list], there: Sequence[Any]) -> float:
    """The largest difference of a page's answers to those of a learner with rounded weights.

    Answers above one count relative to their size.
    """
    x, y, query, objective = (jnp.asarray(part, float) for part in prompts)
    held = jax.tree.map(lambda a: a.astype(float) if eqx.is_array(a) else a, rounded(learner))
    here = np.asarray(jax.jit(jax.vmap(held))(Prompt(x, y[..., None], query, objective)))[:, 0]
    return float(np.max(abs(np.asarray(there, float) - here) / np.maximum(1, abs(here))))
