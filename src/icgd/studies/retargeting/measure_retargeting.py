"""How far a change of a part of a network turns what it descends on, and at what cost.

Learners of the experiment's grids have a place: the change that was trained, the objective that it was
trained for, and the network that it started from.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study, alone
from icgd.objectives.dial import OBJECTIVES, Dial, Objective
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.retargeting.changes import merged, sizes
from icgd.studies.retargeting.knobs import HOME, answers, turned
from icgd.studies.retargeting.ruler import DESCENT, FITS, Ruler
from icgd.tasks.objective_regression import ObjectiveRegression

PLACE = ("change", "objective", "start")
METRICS = {
    "error": Metric("MSE over mean(ŷ²) of the reference", ("objective", "reference")),
    "rescaled_error": Metric("the error at the best scale of the output", ("objective", "reference")),
    "score": Metric("1 − error to the objective's algorithm over the home's rescaled one", ("objective",)),
    "score_over_random": Metric("score less the mean of the same change of a random network", ("objective",)),
    "parameters": Metric("number of parameters; 0 for a knob that is a prompt"),
    "trained_parameters": Metric("number of parameters that were trained for the objective", PLACE),
    "share_of_parameters": Metric("share of the network's parameters that were trained"),
}
COLUMNS = {
    "change": Column("string", "the part of a network that was trained for the objective"),
    "start": Column("string", "the network that the change started from"),
}
OTHERS = ("dial",)
"""The constructed circuit without a prompt; its knob is (η, τ, β) of every step."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The home and its changes, the learners that are prompted, and all algorithms."""
    changed = [name for name, trained in experiment.trained.items() if trained.labels]
    named = [options["home"], *options["prompted"]]
    return list(dict.fromkeys([*named, *changed, *DESCENT.values(), *FITS.values()]))


def measure(
    study: Study,
    *,
    home: LearnerName,
    prompted: list[LearnerName],
    exact: list[LearnerName],
    prompts: PositiveInt = 1024,
) -> Iterator[Record]:
    """Errors, scores and numbers of parameters of the network `home`, of every change, and of other knobs.

    Of `prompted` learners the knob is their prompt, and those in `exact` are measured against exact fits.
    """
    stored, _ = study.prompts(count=prompts)
    descent, fits = (Ruler.of(study, stored, names) for names in (DESCENT, FITS))
    before = answers(study.learners[home].learner, stored, HOME)
    yield from _unchanged(study, descent, home, before)
    for name in study.labels:
        yield from _changed(study, descent, stored, home, before, name)
    for name in prompted:
        found = {asked: answers(study.learners[name].learner, stored, asked) for asked in OBJECTIVES}
        yield from _knob(study, fits if name in exact else descent, name, found, 0)
    task = study.task()
    assert isinstance(task, ObjectiveRegression)
    circuits = {asked: alone(turned(task, asked)) for asked in OBJECTIVES}
    found = {asked: answers(circuit.learner, stored, asked) for asked, circuit in circuits.items()}
    yield from _knob(study, descent, "dial", found, len(Dial._fields) * task.steps)


def _unchanged(study: Study, ruler: Ruler, home: str, ours: Float[Array, "seeds p"]) -> Iterator[Record]:
    """Errors of the home to every algorithm, as it is and at the best scale."""
    population = study.learners[home]
    for objective, reference in ruler.names.items():
        found = {"error": ruler.error(ours, objective), "rescaled_error": ruler.least(ours, objective)}
        yield from study.rows(home, population, found, objective=HOME, reference=reference)
    size, share = sizes(population)
    yield from study.rows(home, population, {"parameters": size, "share_of_parameters": share})


def control(labels: Mapping[str, Mapping[str, str]], name: str) -> str | None:
    """The learner whose place differs from that of another in its start alone, if there is one."""
    place = labels[name]
    alike = (other for other, its in labels.items() if dict(its) | {"start": place["start"]} == place)
    return next((other for other in alike if other != name), None)


def _changed(
    study: Study, ruler: Ruler, stored: Prompt, home: str, before: Float[Array, "seeds p"], name: str
) -> Iterator[Record]:
    """Errors, score and size of a change; a change of the home is also beside that of a random network."""
    place, population = study.labels[name], study.learners[name]
    target = place["objective"]

    def score(learner: str) -> tuple[Float[Array, "seeds p"], Float[Array, " seeds"]]:
        ours = answers(merged(study.learners[learner].learner), stored, target)
        return ours, ruler.score(ours, before, target)

    ours, scores = score(name)
    for objective, reference in ruler.names.items():
        found = {"error": ruler.error(ours, objective)}
        yield from study.rows(name, population, found, objective=target, reference=reference)
    yield from study.rows(name, population, {"score": scores}, objective=target)
    other = control(study.labels, name)
    if other and place["start"] == home:
        found = {"score_over_random": scores - jnp.mean(score(other)[1])}
        yield from study.rows(name, population, found, objective=target)
    size, share = sizes(population)
    yield from study.rows(name, population, {"trained_parameters": size}, None, **place)
    yield from study.rows(name, population, {"share_of_parameters": share})


def _knob(
    study: Study, ruler: Ruler, name: str, turned_to: Mapping[Objective, Float[Array, "seeds p"]], size: int
) -> Iterator[Record]:
    """Errors and scores of a knob of `size` parameters, from its answers when turned to each objective."""
    population = study.learners.get(name)
    for objective, ours in turned_to.items():
        found = {"error": ruler.error(ours, objective)}
        reference = ruler.names[objective]
        yield from study.rows(name, population, found, objective=objective, reference=reference)
        if objective != HOME:
            found = {"score": ruler.score(ours, turned_to[HOME], objective)}
            yield from study.rows(name, population, found, objective=objective)
    yield from study.rows(name, population, {"parameters": np.full(len(turned_to[HOME]), size)})
