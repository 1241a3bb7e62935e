"""What a network follows when its objective was confounded with a property of the data in training.

The confound is broken: every objective is asked for with every value of the property, the family of the
noise or the scale of the labels, and answers are compared with descent on the objective asked for and on
the one that the property stood for.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt
from icgd.studies.retargeting.knobs import answers
from icgd.studies.retargeting.ruler import DESCENT, relative_error
from icgd.tasks.objective_regression import FAMILIES, SCALES

PLACE = ("confound", "untied")
METRICS = {
    "error_to_asked": Metric(
        "MSE over mean(ŷ²) of descent on what is asked for, where the two differ", PLACE
    ),
    "error_to_property": Metric("of descent on what the property stood for, where the two differ", PLACE),
    "error_where_tied": Metric("of descent on both, where they agree", PLACE),
    "follows_asked": Metric(
        "share of prompts with answers nearer to what is asked for, where they differ", PLACE
    ),
}
COLUMNS = {
    "confound": Column("string", "the property of the data that training ties to the objective"),
    "untied": Column("Float64", "per cent of the prompts of training without the tie"),
}
OTHERS = ()
PROPERTIES: Mapping[str, tuple[str, Sequence[Any]]] = {
    "noise": ("noise", FAMILIES),
    "scale": ("label_scale", SCALES),
}
"""By confound the task's option that fixes the property, and its settings that stand for L1, L2 and L∞."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners of the grid of confounds, and descent on all objectives."""
    confounded = [name for name, trained in experiment.trained.items() if "confound" in trained.labels]
    return [*confounded, *DESCENT.values()]


def measure(study: Study, *, prompts: PositiveInt = 512) -> Iterator[Record]:
    """Means over all pairs of an objective that is asked for and a value of the property."""
    for confound, (option, settings) in PROPERTIES.items():
        names = [name for name, place in study.labels.items() if place["confound"] == confound]
        if not names:
            continue
        stored = [study.prompts(study.condition(option, setting), prompts)[0] for setting in settings]
        descent = [
            [answers(study.learners[DESCENT[asked]].learner, seen, asked) for asked in OBJECTIVES]
            for seen in stored
        ]
        for name in names:
            population = study.learners[name]
            place: dict[str, Any] = {"confound": confound, "untied": float(study.labels[name]["untied"])}
            yield from study.rows(name, population, followed(population.learner, stored, descent), **place)


def followed(
    learners: Learner, stored: Sequence[Prompt], descent: Sequence[Sequence[Float[Array, "one p"]]]
) -> dict[str, Float[Array, " seeds"]]:
    """Metrics of each seed; prompts and descent's answers are by value of the property, then by objective."""
    found: dict[str, list[Array]] = {metric: [] for metric in METRICS}
    for stands_for, (prompts, theirs) in enumerate(zip(stored, descent, strict=True)):
        for index, objective in enumerate(OBJECTIVES):
            ours = answers(learners, prompts, objective)
            asked, wrong = theirs[index], theirs[stands_for]
            error = relative_error(ours, asked)
            if index == stands_for:
                found["error_where_tied"].append(error)
                continue
            found["error_to_asked"].append(error)
            found["error_to_property"].append(relative_error(ours, wrong))
            nearer = (ours - asked) ** 2 < (ours - wrong) ** 2
            found["follows_asked"].append(jnp.mean(nearer, axis=1))
    return {metric: jnp.mean(jnp.stack(values), axis=0) for metric, values in found.items()}
