"""How induction heads form: losses and scores over training, the phase change, and what comes first.

The phase change is the step of the steepest fall of the loss on the second window. What forms first
depends on what counts as formed, so the order is given for several criteria: the share of the way from
its least to its largest value that a curve must have come.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.ranges import Fraction, PositiveInt
from icgd.spec.laws import Condition
from icgd.studies.induction.model_scores import head_scores, language_models, position_losses, window
from icgd.studies.induction.phase_change import formation, phase_change

LAYER, CRITERION = ("layer",), ("criterion",)
METRICS = {
    "first_loss": Metric("mean cross-entropy on the first window, in nats"),
    "second_loss": Metric("mean cross-entropy on the second window, in nats"),
    "in_context_score": Metric("late minus early cross-entropy on the training law, in nats"),
    "previous_token": Metric("share of the attention on the previous token", LAYER),
    "previous_token_largest": Metric("share of positions where the previous token has most weight", LAYER),
    "prefix_matching": Metric("share of the attention on tokens that followed the current one", LAYER),
    "copying": Metric("correlation of attention to a token with what is added to its logit", LAYER),
    "phase_change_step": Metric("step of the steepest fall of second_loss"),
    "phase_change_rival": Metric("steepness of the next steepest fall over that of the steepest"),
    "previous_token_step": Metric("step at which previous_token of layer 1 has formed", CRITERION),
    "previous_token_largest_step": Metric("the same of previous_token_largest", CRITERION),
    "prefix_matching_step": Metric("the same of prefix_matching of the last layer", CRITERION),
    "copying_step": Metric("the same of copying of the last layer", CRITERION),
    "second_loss_step": Metric("the same of the fall of second_loss", CRITERION),
    "previous_token_lead": Metric("prefix_matching_step minus previous_token_step", CRITERION),
    "previous_token_largest_lead": Metric(
        "prefix_matching_step minus previous_token_largest_step", CRITERION
    ),
}
COLUMNS = {
    "criterion": Column(
        "Float64", "share of its way that a curve must have come to have formed", option="criteria"
    )
}
OTHERS = ()


class Snapshot(NamedTuple):
    """What is measured of a learner at one step of training."""

    losses: Mapping[str, Float[np.ndarray, " seeds"]]
    in_context_score: Float[np.ndarray, " seeds"]
    scores: Mapping[str, Float[np.ndarray, "seeds layers"]]


class Windows(NamedTuple):
    """Positions [from, to) over which losses are averaged."""

    first: Sequence[int]
    second: Sequence[int]
    early: Sequence[int]
    late: Sequence[int]


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """What is trained."""
    return list(experiment.trained)


def measure(
    study: Study,
    *,
    first: list[int],
    second: list[int],
    early: list[int],
    late: list[int],
    criteria: list[Fraction],
    option: str | None = None,
    setting: int | float | str | None = None,
    prompts: PositiveInt = 256,
) -> Iterator[Record]:
    """Losses and scores of the trained models at every snapshot; phase change and order at the end.

    `first` and `second` are the windows of the loss where the task's `option` has this `setting` (both
    omitted: on the training law), `early` and `late` those of the in-context score.
    """
    law, windows = study.condition(option, setting), Windows(first, second, early, late)
    for name, history in study.history.items():
        populations = [*history, study.learners[name]]
        found = [_snapshot(study, name, population, law, windows, prompts) for population in populations]
        for population, snapshot in zip(populations, found, strict=True):
            yield from _snapshot_rows(study, name, population, law, snapshot)
        yield from _order_rows(study, name, populations, law, found, criteria)


def _snapshot(
    study: Study, name: str, population: Population, law: Condition, windows: Windows, count: int
) -> Snapshot:
    models = language_models(name, population)
    prompts, targets = study.prompts(law, count)
    losses = position_losses(models, prompts, targets)
    usual = position_losses(models, *study.prompts(study.law, count))
    return Snapshot(
        {"first_loss": window(losses, windows.first), "second_loss": window(losses, windows.second)},
        window(usual, windows.late) - window(usual, windows.early),
        {metric: np.asarray(values) for metric, values in head_scores(models, prompts).items()},
    )


def _snapshot_rows(
    study: Study, name: str, population: Population, law: Condition, snapshot: Snapshot
) -> Iterator[Record]:
    yield from study.rows(name, population, snapshot.losses, law)
    yield from study.rows(name, population, {"in_context_score": snapshot.in_context_score})
    for metric, values in snapshot.scores.items():
        for layer, value in enumerate(values.T, start=1):
            yield from study.rows(name, population, {metric: value}, law, layer=layer)


def _order_rows(
    study: Study,
    name: str,
    populations: Sequence[Population],
    law: Condition,
    found: Sequence[Snapshot],
    criteria: Sequence[float],
) -> Iterator[Record]:
    """The phase change, and for each criterion what has formed when; rows are of the last step."""
    steps = np.array([population.step for population in populations], float)
    curves = {
        metric: np.stack([snapshot.scores[metric][:, layer] for snapshot in found])
        for layer, metrics in (
            (0, ("previous_token", "previous_token_largest")),
            (-1, ("prefix_matching", "copying")),
        )
        for metric in metrics
    }
    falling = np.stack([snapshot.losses["second_loss"] for snapshot in found])
    yield from study.rows(name, populations[-1], phase_change(steps, falling), law)
    for criterion in criteria:
        order = formation(steps, curves | {"second_loss": -falling}, criterion)
        yield from study.rows(name, populations[-1], order, law, criterion=criterion)
