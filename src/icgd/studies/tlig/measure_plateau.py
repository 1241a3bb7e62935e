"""How long the loss rests on its first plateau, that of predicting zero (TLIG, figure 15)."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import losses, predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.prompt import Prompt
from icgd.ranges import Fraction, LearnerName, PositiveInt

METRICS = {
    "steps_on_plateau": Metric(
        "training steps until the loss has fallen by the share of its way from zero's to the algorithm's; "
        "the length of training if it does not",
        ("share",),
    ),
    "plateau_ratio": Metric("those steps over the mean of the first learner's", ("share",)),
}
COLUMNS = {
    "share": Column("Float64", "share of the way from the loss of zero to the algorithm's", option="shares")
}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named, and their algorithms."""
    names = options["learners"]
    return list(dict.fromkeys([*names, *(experiment.references[name].algorithm for name in names)]))


def measure(
    study: Study, *, learners: list[LearnerName], shares: list[Fraction], prompts: PositiveInt = 2048
) -> Iterator[Record]:
    """Rows per share and seed, linear between snapshots; ratios to the first of `learners`."""
    stored, targets = study.prompts(count=prompts)
    covered = {name: _covered(study, name, stored, targets) for name in learners}
    for share in shares:
        found = {
            name: np.array([first_time(steps, curve, share) for curve in curves.T])
            for name, (steps, curves) in covered.items()
        }
        first = found[learners[0]].mean()
        for name, times in found.items():
            metrics = {"steps_on_plateau": times, "plateau_ratio": times / first}
            yield from study.rows(name, study.learners[name], metrics, share=share)


def _covered(
    study: Study, name: str, prompts: Prompt, targets: Float[Array, "p m"]
) -> tuple[np.ndarray, np.ndarray]:
    """Steps [snapshots], and the shares of its way that the loss has come there [snapshots seeds]."""
    zero = 0.5 * float(jnp.mean(jnp.sum(targets**2, axis=-1)))
    algorithm = study.learners[study.references[name].algorithm].learner
    reached = float(losses(predict(algorithm, prompts), targets).mean())
    populations = [*study.history[name], study.learners[name]]
    curves = [losses(predict(p.learner, prompts), targets).mean(axis=1) for p in populations]
    steps = np.array([population.step for population in populations], float)
    return steps, (zero - np.stack(curves)) / (zero - reached)


def first_time(steps: np.ndarray, curve: np.ndarray, level: float) -> float:
    """When a curve first reaches a level; its end if it never does."""
    above = np.flatnonzero(curve >= level)
    if not len(above):
        return float(steps[-1])
    last = above[0]
    if last == 0:
        return float(steps[0])
    ends, times = curve[last - 1 : last + 1], steps[last - 1 : last + 1]
    return float(np.interp(level, ends, times))
