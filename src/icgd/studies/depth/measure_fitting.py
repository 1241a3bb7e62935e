"""Loss of fitted algorithms on the prompts that they were fitted to, to set beside the held-out one."""

from collections.abc import Iterator, Mapping
from typing import Any

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import losses, predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.ranges import LearnerName

METRICS = {"fitting_loss": Metric("½‖ŷ − y‖², mean over the prompts that the algorithm was fitted on")}
COLUMNS: Mapping[str, Column] = {}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(study: Study, *, learners: list[LearnerName]) -> Iterator[Record]:
    """One row per learner."""
    prompts, targets = study.fitting_prompts()
    for name in learners:
        population = study.learners[name]
        loss = losses(predict(population.learner, prompts), targets).mean(axis=1)
        yield from study.rows(name, population, {"fitting_loss": loss})
