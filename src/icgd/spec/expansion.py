"""What an experiment's config expands to: variants, evaluation conditions and blocks of seeds."""

from typing import Any

from icgd.spec.model import Experiment

LAW = "test"
"""The variant that changes nothing."""


def variants(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """Variant names, such as size=20, with the task options that each changes; `LAW` changes none."""
    found: dict[str, dict[str, Any]] = {LAW: {}}
    for name, variant in experiment.variants.items():
        for value in variant.values:
            found[f"{name}={value}"] = dict.fromkeys(variant.options, value)
    return found


def measurements(experiment: Experiment, variant: str) -> list[str]:
    """The measurements that are made on a variant."""
    if variant == LAW:
        return list(experiment.measurements)
    return experiment.variants[variant.partition("=")[0]].measurements


def conditions(experiment: Experiment, variant: str) -> list[list[Any]]:
    """Evaluation conditions as [option, setting, changes of the task]; the first is the training law.

    A variant is a law of its own, called after what it changes.
    """
    if variant != LAW:
        option, _, setting = variant.partition("=")
        return [[option, setting, {}]]
    shifts = [
        [option, value, {option: value}]
        for option, values in experiment.conditions.items()
        for value in values
    ]
    return [[None, None, {}], *shifts]


def seed_blocks(seeds: int, per_job: int) -> list[str]:
    """Names such as "0-4" of the blocks of seeds that are trained in one job."""
    starts = range(0, seeds, per_job)
    return [f"{start}-{min(start + per_job, seeds) - 1}" for start in starts]


def block_seeds(block: str) -> list[int]:
    """The seeds of a block: "2-4" gives [2, 3, 4]."""
    first, last = map(int, block.split("-"))
    return list(range(first, last + 1))
