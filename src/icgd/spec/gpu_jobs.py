"""Which trainings are for a GPU: those that would take longer on a processor core."""

from collections.abc import Callable
from typing import Any

from icgd.spec.expansion import block_seeds
from icgd.spec.model import Config

GPU_START, GPU_STEP = 12.0, 0.004
"""Seconds until a training on a GPU has been compiled, and of a step of all its seeds: kernels are waited
for, whatever they compute. Rough values, from two timings of a model of three blocks on an H200."""


def gains(config: Config, published: Config, name: str, seconds: Callable[[str, str], float]) -> bool:
    """Whether the training <experiment>/<variant>/<learner>.<seeds> ends sooner on a GPU.

    `seconds` are those of the published training on a processor core. One of another size takes so much more
    or less as it draws prompts; one that is not published counts like a usual one.
    """
    place, _, block = name.rpartition(".")
    experiment, _, learner = place.split("/")
    training = config.experiments[experiment].trained[learner].training
    on_core = seconds("train", name)
    before = published.experiments.get(experiment)
    if before and learner in before.trained:
        other = before.trained[learner].training
        seeds = min(other["seeds_per_job"], published.seeds_of(experiment))
        on_core *= _prompts(training, len(block_seeds(block))) / _prompts(other, seeds)
    return on_core > GPU_START + GPU_STEP * training["steps"]


def _prompts(training: dict[str, Any], seeds: int) -> int:
    """Prompts that a training draws for all its seeds."""
    return int(training["steps"] * training["batch"] * seeds)
