"""Where in a network the objective sits: parts swapped, and the line of weights between two networks."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.attainment import Ruler
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.objectives.dial import OBJECTIVES
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.retargeting.changed import between, merged, parts, swapped, weights_of
from icgd.studies.retargeting.knobs import DESCENT, HOME, explicit_matrix, queries
from icgd.tasks.objective_regression import ObjectiveRegression

METRICS = {
    "swap_gain": Metric(
        "share of the gain in the objective that one part of the changed network brings to the home",
        ("change", "objective", "part"),
    ),
    "swap_loss": Metric(
        "share of it that the changed network loses with that part of the home",
        ("change", "objective", "part"),
    ),
    "same_part": Metric("1 where the same part brings most for L1 and L∞, else 0", ("change",)),
    "path_attainment": Metric(
        "attainment at a share of the line from the home to the change",
        ("change", "objective", "share", "attained"),
    ),
    "largest_fall": Metric(
        "the most by which attainment of the objective falls between two points from home to change",
        ("change", "objective"),
    ),
    "path_capability": Metric(
        "attainment over the explicit algorithm's, of L2 or the objective, whichever is more",
        ("change", "objective", "share"),
    ),
    "least_capability": Metric("the least of it between home and change", ("change", "objective")),
}
COLUMNS = {
    "change": Column("string", "the part of a network that was trained for the objective"),
    "part": Column("string", "the part that is swapped"),
    "share": Column("Float64", "share of the line from the weights before to those after", option="shares"),
    "attained": Column("string", "the objective whose value is measured"),
}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The home, its changes that are named, and descent on all objectives; a name that no change has is an
    error of the config.
    """
    home, wanted = options["home"], dict.fromkeys([*options["swapped"], *options["followed"]])
    found = {name: trained.labels for name, trained in experiment.trained.items() if trained.labels}
    changes = {name: its["change"] for name, its in found.items() if its["start"] == home}
    unknown = [change for change in wanted if change not in changes.values()]
    changed = [name for name, change in changes.items() if change in wanted]
    return [home, *changed, *unknown, *DESCENT.values()]


def measure(
    study: Study,
    *,
    home: LearnerName,
    swapped: list[str],
    followed: list[str],
    shares: list[float],
    prompts: PositiveInt = 512,
) -> Iterator[Record]:
    """Parts of the changes `swapped`, and the lines to the changes `followed`."""
    stored, _ = study.prompts(count=prompts)
    task = study.task()
    assert isinstance(task, ObjectiveRegression)
    ruler = Ruler.of(in_double(stored))
    explicit = explicit_matrix(study, ruler, queries(study, task.dimension))
    for change in swapped:
        yield from _swaps(study, ruler, home, change)
    for change in followed:
        for name, objective in _changes(study, home, change).items():
            yield from _line(study, ruler, explicit, home, name, change, objective, shares)


def _changes(study: Study, home: str, change: str) -> dict[str, str]:
    """Learners of a change of the home, with their objectives."""
    wanted = {"start": home, "change": change}
    return {name: its["objective"] for name, its in study.labels.items() if dict(its) | wanted == dict(its)}


def _swaps(study: Study, ruler: Ruler, home: str, change: str) -> Iterator[Record]:
    """What each part brings and takes; which brings most."""
    first, best = merged(study.learners[home].learner), []

    def attained(model: Any, place: int) -> Float[Array, " seeds"]:
        return ruler.attained(weights_of(model, ruler.prompts))[:, place]

    for name, objective in _changes(study, home, change).items():
        place, last = OBJECTIVES.index(objective), merged(study.learners[name].learner)
        low, high = attained(first, place), attained(last, place)
        gains = []
        for part in parts(first):
            gains.append((attained(swapped(first, last, part), place) - low) / (high - low))
            losses = (high - attained(swapped(last, first, part), place)) / (high - low)
            found = {"swap_gain": gains[-1], "swap_loss": losses}
            where: dict[str, Any] = {"change": change, "objective": objective, "part": part}
            yield from study.rows(name, study.learners[name], found, **where)
        best.append(jnp.argmax(jnp.stack(gains), axis=0))
    same = jnp.all(jnp.stack(best) == best[0], axis=0)
    yield from study.rows(home, study.learners[home], {"same_part": same}, change=change)


def _line(
    study: Study,
    ruler: Ruler,
    explicit: Float[Array, "3 3"],
    home: str,
    name: str,
    change: str,
    objective: str,
    shares: list[float],
) -> Iterator[Record]:
    """Attainment of every objective along the line."""
    ends = merged(study.learners[home].learner), merged(study.learners[name].learner)
    pair = [OBJECTIVES.index(HOME), OBJECTIVES.index(objective)]
    within, capable = [], []
    for share in shares:
        found = ruler.attained(weights_of(between(*ends, share), ruler.prompts))
        relative = jnp.stack([found[:, o] / explicit[o, o] for o in pair])
        capability = jnp.max(relative, axis=0)
        where: dict[str, Any] = {"change": change, "objective": objective, "share": share}
        metric = {"path_capability": capability}
        yield from study.rows(name, study.learners[name], metric, **where)
        for place, attained in enumerate(OBJECTIVES):
            metric = {"path_attainment": found[:, place]}
            yield from study.rows(name, study.learners[name], metric, **where, attained=attained)
        if 0 <= share <= 1:
            within.append(found[:, pair[1]])
            capable.append(capability)
    falls = jnp.max(-jnp.diff(jnp.stack(within), axis=0), axis=0, initial=0.0)
    metrics = {"largest_fall": falls, "least_capability": jnp.min(jnp.stack(capable), axis=0)}
    yield from study.rows(name, study.learners[name], metrics, change=change, objective=objective)
