"""When curves over training change: the steepest fall, and when they have come part of their way."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

SMOOTHING = np.array([0.25, 0.5, 0.25])
PRECEDING = ("previous_token", "previous_token_largest")
"""Curves whose lead over prefix matching is told: the source paper has them form first."""


def phase_change(
    steps: Float[np.ndarray, " steps"], losses: Float[np.ndarray, "steps seeds"]
) -> dict[str, Float[np.ndarray, " seeds"]]:
    """For each seed the step of the steepest fall, and the relative steepness of the next one."""
    found = np.array([steepest_fall(steps, curve) for curve in losses.T])
    return {"phase_change_step": found[:, 0], "phase_change_rival": found[:, 1]}


def formation(
    steps: Float[np.ndarray, " steps"],
    curves: Mapping[str, Float[np.ndarray, "steps seeds"]],
    criterion: float,
) -> dict[str, Float[np.ndarray, " seeds"]]:
    """When each rising curve has formed, and by how many steps the first ones precede prefix matching."""
    found = {
        f"{name}_step": np.array([formation_step(steps, seed, criterion) for seed in curve.T])
        for name, curve in curves.items()
    }
    leads = {f"{name}_lead": found["prefix_matching_step"] - found[f"{name}_step"] for name in PRECEDING}
    return found | leads


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
