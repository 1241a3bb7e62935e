"""Errors along the straight path from the weights of a network to those after a change."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.prompt import Prompt
from icgd.ranges import Fraction, LearnerName, PositiveInt
from icgd.studies.retargeting.changes import between, merged
from icgd.studies.retargeting.knobs import HOME, answers
from icgd.studies.retargeting.ruler import DESCENT, Ruler

METRICS = {
    "path_error": Metric(
        "MSE over mean(ŷ²) of the reference on the path", ("change", "objective", "share", "reference")
    ),
    "largest_rise": Metric("the most by which the error aimed at rises between two points", ("objective",)),
}
COLUMNS = {
    "change": Column("string", "the part of a network that was trained for the objective"),
    "share": Column(
        "Float64", "share of the path from the weights before to those after a change", option="shares"
    ),
}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The home, its changes that are named, and descent on all objectives."""
    labels = {name: trained.labels for name, trained in experiment.trained.items() if trained.labels}
    changed = [
        name for name, place in labels.items() if _followed(place, options["home"], options["changes"])
    ]
    return [options["home"], *changed, *DESCENT.values()]


def _followed(place: Mapping[str, str], home: str, changes: list[str]) -> bool:
    return place["start"] == home and place["change"] in changes


def measure(
    study: Study,
    *,
    home: LearnerName,
    changes: list[str],
    shares: list[Fraction],
    prompts: PositiveInt = 1024,
) -> Iterator[Record]:
    """Errors at every share of the path from `home` to each of its `changes`, for every objective."""
    stored, _ = study.prompts(count=prompts)
    ruler = Ruler.of(study, stored, DESCENT)
    for name, place in study.labels.items():
        if _followed(place, home, changes):
            yield from _path(study, ruler, stored, home, name, shares)


def _path(
    study: Study, ruler: Ruler, stored: Prompt, home: str, name: str, shares: list[float]
) -> Iterator[Record]:
    """Errors to the home's objective and to the one aimed at, and how far the latter ever rises again."""
    place, population = study.labels[name], study.learners[name]
    target = place["objective"]
    ends = study.learners[home].learner, merged(population.learner)
    aimed = []
    for share in shares:
        ours = answers(between(*ends, share), stored, HOME)
        aimed.append(ruler.error(ours, target))
        where: dict[str, Any] = {"change": place["change"], "objective": target, "share": share}
        for objective in (HOME, target):
            found = {"path_error": ruler.error(ours, objective)}
            yield from study.rows(name, population, found, **where, reference=ruler.names[objective])
    rises = jnp.max(jnp.diff(jnp.stack(aimed), axis=0), axis=0, initial=0.0)
    yield from study.rows(name, population, {"largest_rise": rises}, objective=target)
