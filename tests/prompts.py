"""Prompts that several tests use."""

import jax.numpy as jnp
import numpy as np

from icgd.prompt import Prompt


def random_prompt(seed: int, n: int, d: int, m: int) -> Prompt:
    generator = np.random.default_rng(seed)
    shapes = ((n, d), (n, m), (d,))
    return Prompt(*(jnp.asarray(generator.normal(size=shape)) for shape in shapes))
