"""How far curves over training have come, and when."""

import numpy as np
from jaxtyping import Float


def progress(moved: Float[np.ndarray, "steps seeds"]) -> Float[np.ndarray, "steps seeds"]:
    """The share of its way to its extreme that a curve, minus where it starts, has covered."""
    return moved / np.maximum(moved.max(axis=0), np.finfo(float).tiny)


def times(
    share: Float[np.ndarray, "steps seeds"], steps: np.ndarray, fraction: float
) -> Float[np.ndarray, " seeds"]:
    """The first step at which each seed's curve has covered the fraction."""
    return steps[np.argmax(share >= fraction, axis=0)].astype(float)
