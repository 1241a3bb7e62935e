"""What a change of a part of a network attains of another objective, and at what cost.

Learners of the experiment's grids have a place: the change that was trained, the objective that it was
trained for, and the network that it started from. The home pursues L2 alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.attainment import Ruler, values
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.retargetability import retargetability
from icgd.analysis.study import Population, Study
from icgd.objectives.dial import OBJECTIVES
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.retargeting.changed import BINS, merged, psi_slopes, trained_numbers, weights_of
from icgd.studies.retargeting.knobs import DESCENT, HOME, explicit_matrix, queries
from icgd.tasks.objective_regression import ObjectiveRegression

PLACE = ("change", "objective", "start")
METRICS = {
    "changed_attainment": Metric("attainment of an objective after a change for one", (*PLACE, "attained")),
    "share_of_whole": Metric(
        "gain in the objective over the home's, as a share of that of a whole network trained for it", PLACE
    ),
    "over_control": Metric(
        "share_of_whole less the mean of the same change of another start, or less 0 where that has less",
        (*PLACE, "control"),
    ),
    "change_score": Metric("retargetability from L2 to the objective and back", PLACE),
    "trained_parameters": Metric("number of parameters that were trained for the objective", PLACE),
    "late_gain": Metric(
        "share by which the objective's value still fell in the last third of the steps", PLACE
    ),
    "steps_to_most": Metric("steps to the first snapshot with nine tenths of the fall of the value", PLACE),
    "psi_slope": Metric("slope of ψ by the size of the residual, of RMS one", (*PLACE, "size")),
    "psi_cosine": Metric("cosine of those slopes with the home's", PLACE),
    "home_attainment": Metric("attainment of the home", ("attained",)),
}
COLUMNS = {
    "change": Column("string", "the part of a network that was trained for the objective"),
    "start": Column("string", "the network that the change started from"),
    "control": Column("string", "the start that a change is compared with"),
    "attained": Column("string", "the objective whose value is measured"),
    "size": Column("Float64", "middle of a bin of |r| over the RMS residual"),
}
OTHERS = ()
NOTHING = "nothing"
"""What whole networks start from."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The home, its changes, and descent on all objectives."""
    changed = [name for name, trained in experiment.trained.items() if trained.labels]
    return [options["home"], *changed, *DESCENT.values()]


def measure(
    study: Study, *, home: LearnerName, prompts: PositiveInt = 1024, history_prompts: PositiveInt = 256
) -> Iterator[Record]:
    """Attainment, score, size and steps of every change; slopes of ψ of those of the home."""
    stored, _ = study.prompts(count=prompts)
    task = study.task()
    assert isinstance(task, ObjectiveRegression)
    stored = in_double(stored)
    ruler = Ruler.of(stored)
    explicit = explicit_matrix(study, ruler, queries(study, task.dimension))
    population = study.learners[home]
    few = jax.tree.map(lambda a: a[: history_prompts // 2], stored)
    slopes = psi_slopes(merged(population.learner), few)
    before = ruler.attained(weights_of(merged(population.learner), stored))
    for place, attained in enumerate(OBJECTIVES):
        found = {"home_attainment": before[:, place]}
        yield from study.rows(home, population, found, attained=attained)
    after = {
        name: ruler.attained(weights_of(merged(study.learners[name].learner), stored))
        for name in study.labels
    }
    shares = {name: share_of_whole(study.labels, after, before, name) for name in study.labels}
    for name in study.labels:
        yield from _changed(study, name, before, after[name], explicit)
        yield from _compared(study, name, shares)
        if study.labels[name]["start"] == home:
            yield from _slopes(study, name, merged(study.learners[name].learner), few, slopes)
        yield from _history(study, name, ruler, history_prompts)


def share_of_whole(
    labels: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Float[Array, "seeds 3"]],
    before: Float[Array, "seeds 3"],
    name: str,
) -> Float[Array, " seeds"]:
    """The gain in the change's objective over that of the network that was trained for it from nothing."""
    objective = labels[name]["objective"]
    place = OBJECTIVES.index(objective)
    whole = next(
        other for other, its in labels.items() if its["start"] == NOTHING and its["objective"] == objective
    )
    base = before[:, place]
    return (after[name][:, place] - base) / jnp.mean(after[whole][:, place] - base)


def _changed(
    study: Study,
    name: str,
    before: Float[Array, "seeds 3"],
    after: Float[Array, "seeds 3"],
    explicit: Float[Array, "3 3"],
) -> Iterator[Record]:
    """What is attained, the score and the size."""
    labels, population = study.labels[name], study.learners[name]
    pair = [OBJECTIVES.index(HOME), OBJECTIVES.index(labels["objective"])]
    size = trained_numbers(population.learner, len(population.seeds))
    steps = population.step or 0
    both = jnp.stack([before, after], axis=1)[..., np.array(pair)]
    theirs = explicit[np.ix_(pair, pair)]
    knob = retargetability(both, theirs, parameters=size, steps=steps)
    found = {"change_score": knob.score, "trained_parameters": np.full(len(after), knob.parameters)}
    yield from study.rows(name, population, found, None, **labels)
    for place, attained in enumerate(OBJECTIVES):
        found = {"changed_attainment": after[:, place]}
        yield from study.rows(name, population, found, None, **labels, attained=attained)


def _compared(study: Study, name: str, shares: Mapping[str, Float[Array, " seeds"]]) -> Iterator[Record]:
    """The share of the whole, and how far it is above the same change of other starts.

    A control that ends below its start could have stayed there, so it counts as 0.
    """
    labels, population = study.labels[name], study.learners[name]
    yield from study.rows(name, population, {"share_of_whole": shares[name]}, None, **labels)
    for other, its in study.labels.items():
        alike = all(its[axis] == labels[axis] for axis in ("change", "objective"))
        if alike and its["start"] != labels["start"]:
            over = {"over_control": shares[name] - jnp.maximum(jnp.mean(shares[other]), 0)}
            yield from study.rows(name, population, over, None, **labels, control=its["start"])


def _slopes(
    study: Study, name: str, learners: Any, few: Any, home: Float[Array, "seeds bins"]
) -> Iterator[Record]:
    """The slopes of ψ after the change, beside those of the home."""
    labels, population = study.labels[name], study.learners[name]
    slopes = psi_slopes(learners, few)
    cosine = jnp.sum(slopes * home, axis=1) / (
        jnp.linalg.norm(slopes, axis=1) * jnp.linalg.norm(home, axis=1)
    )
    yield from study.rows(name, population, {"psi_cosine": cosine}, None, **labels)
    for place in range(slopes.shape[1]):
        middle = float(BINS[place] + BINS[place + 1]) / 2
        yield from study.rows(name, population, {"psi_slope": slopes[:, place]}, None, **labels, size=middle)


def _history(study: Study, name: str, ruler: Ruler, count: int) -> Iterator[Record]:
    """How the value of the objective fell over the snapshots."""
    labels, populations = study.labels[name], [*study.history[name], study.learners[name]]
    place = OBJECTIVES.index(labels["objective"])
    few = jax.tree.map(lambda a: a[:count], ruler)
    steps = np.array([population.step for population in populations])
    left = np.stack([np.asarray(_value(few, population, place)) for population in populations])
    late = int(np.argmin(np.abs(steps - 2 * steps[-1] / 3)))
    fall = left[0] - left[-1]
    reached = left <= left[-1] + 0.1 * np.maximum(fall, 0)
    found = {"late_gain": 1 - left[-1] / left[late], "steps_to_most": steps[reached.argmax(axis=0)]}
    yield from study.rows(name, study.learners[name], found, None, **labels)


def _value(few: Ruler, population: Population, place: int) -> Float[Array, " seeds"]:
    """The mean value of an objective."""
    weights = weights_of(merged(population.learner), few.prompts)
    return values(few.prompts, weights)[..., place].mean(axis=1)
