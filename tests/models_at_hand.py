"""Models for tests: built in one compiled program, and moved off their zeros."""

from collections.abc import Callable
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np

M = TypeVar("M")


def built(make: Callable[[], M]) -> M:
    """What a function of no arguments builds. Operation by operation, each would be compiled alone."""
    found: M = eqx.filter_jit(make)()
    return found


def moved(model: M, scale: float = 0.2) -> M:
    """A model with noise on every weight, so that none is zero, as after training."""
    generator = np.random.default_rng(0)

    def noisy(leaf: Any) -> Any:
        if not eqx.is_array(leaf):
            return leaf
        return leaf + np.asarray(scale * generator.normal(size=leaf.shape), leaf.dtype)

    found: M = jax.tree.map(noisy, model)
    return found
