"""When a curve over training changes: the steepest fall, and when it has come part of its way."""

import numpy as np
from jaxtyping import Float

SMOOTHING = np.array([0.25, 0.5, 0.25])


def steepest_fall(steps: Float[np.ndarray, " k"], losses: Float[np.ndarray, " k"]) -> tuple[float, float]:
    """The step of the steepest fall of a loss, and how steep the next one is relative to it.

    Slopes between snapshots are smoothed over three. The next fall is the steepest one outside the run of
    steps around the first where the slope stays above half; the change is unique if it is below half.
    """
    slopes = -np.diff(losses) / np.diff(steps)
    slopes = np.convolve(np.pad(slopes, 1, mode="edge"), SMOOTHING, mode="valid")
    peak = int(np.argmax(slopes))
    steep = slopes >= slopes[peak] / 2
    left = peak - int(np.argmin(steep[peak::-1])) if not steep[: peak + 1].all() else -1
    right = peak + int(np.argmin(steep[peak:])) if not steep[peak:].all() else len(steep)
    others = np.concatenate([slopes[: left + 1], slopes[right:]])
    middle = (steps[peak] + steps[peak + 1]) / 2
    return float(middle), float(max(others.max(initial=0.0), 0.0) / slopes[peak])


def formation_step(steps: Float[np.ndarray, " k"], curve: Float[np.ndarray, " k"], share: float) -> float:
    """The first step, between snapshots, at which a rising curve has come this share of its range."""
    level = curve.min() + share * (curve.max() - curve.min())
    after = int(np.argmax(curve >= level))
    if after == 0:
        return float(steps[0])
    part = (level - curve[after - 1]) / (curve[after] - curve[after - 1])
    return float(steps[after - 1] + part * (steps[after] - steps[after - 1]))
