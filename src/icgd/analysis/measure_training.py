"""Loss and alignment of the trained learners at every snapshot of training."""

from collections.abc import Iterator, Mapping
from typing import Any

from icgd.analysis.columns import Column, Record
from icgd.analysis.distances import (
    DISTANCES,
    EXCESSES,
    LOSSES,
    distances,
    divergence_bound,
    outputs,
    performance,
)
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.ranges import PositiveInt

METRICS = LOSSES | EXCESSES | DISTANCES
COLUMNS: Mapping[str, Column] = {}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """What is trained, and what that is compared with."""
    compared = [
        experiment.references[name].all for name in experiment.trained if name in experiment.references
    ]
    return list(dict.fromkeys([*experiment.trained, *(name for names in compared for name in names)]))


def measure(study: Study, *, prompts: PositiveInt = 8192) -> Iterator[Record]:
    """The first `prompts` stored prompts serve; the last step is left to the alignment table."""
    stored, targets = study.prompts(count=prompts)
    bound = divergence_bound(targets)
    compared = [study.references[name].all for name in study.history if name in study.references]
    names = sorted({reference for others in compared for reference in others})
    found = {name: outputs(study.learners[name].learner, stored, prompts) for name in names}
    for name, populations in study.history.items():
        comparison = study.references.get(name)
        for population in populations:
            ours = outputs(population.learner, stored, prompts)
            base = found[comparison.algorithm].prediction if comparison else ours.prediction[:1]
            performed = performance(ours.prediction, base, targets)
            yield from study.rows(name, population, {m: performed[m] for m in LOSSES})
            if comparison is None:
                continue
            excess = {m: performed[m] for m in EXCESSES}
            yield from study.rows(name, population, excess, reference=comparison.algorithm)
            for reference in comparison.all:
                apart = distances(ours, found[reference], bound)
                yield from study.rows(name, population, apart, reference=reference)
