"""Prompts that several tests use."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from icgd.prompt import Prompt
from icgd.task import Task


def random_prompt(seed: int, n: int, d: int, m: int) -> Prompt:
    generator = np.random.default_rng(seed)
    shapes = ((n, d), (n, m), (d,))
    return Prompt(*(jnp.asarray(generator.normal(size=shape)) for shape in shapes))


def drawn_from(task: Task, key: Key[Array, ""], count: int) -> tuple[Any, Any]:
    """Prompts and targets of a task, in one compiled program."""
    found: tuple[Any, Any] = jax.jit(jax.vmap(task.sample))(jax.random.split(key, count))
    return found


@eqx.filter_jit
def answers_of(learner: Any, prompts: Any) -> Any:
    """What a learner answers to each of some prompts, in one compiled program."""
    return jax.vmap(learner)(prompts)
