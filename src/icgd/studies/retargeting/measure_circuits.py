"""How exactly constructed circuits equal explicit descent on each objective, in float64.

Also what the dial does: the distance of one step rule to descent on L2, L1 and L∞ as τ falls and β grows.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.algorithms.objective_descent import ObjectiveDescent, objective_descent
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.constructions.objective_circuit import prompt_circuit, switched
from icgd.learner import Learner
from icgd.objectives.dial import OBJECTIVES, Dial
from icgd.prompt import Prompt
from icgd.ranges import NonNegativeFloat, PositiveFloat, PositiveInt
from icgd.studies.retargeting.knobs import asking, dialled, turned
from icgd.studies.retargeting.ruler import DESCENT, relative_error
from icgd.tasks.objective_regression import ObjectiveRegression

METRICS = {
    "max_abs_difference": Metric("largest |ŷ_circuit − ŷ_descent| over the prompts", ("objective", "steps")),
    "switched_max_abs_difference": Metric(
        "the same where half-way through the pass another objective is asked for",
        ("objective", "later_objective", "steps"),
    ),
    "dial_error": Metric(
        "MSE of one step rule over mean(ŷ²) of descent", ("temperature", "sharpness", "reference")
    ),
}
COLUMNS = {
    "steps": Column("Int64", "number of steps of descent", option="steps"),
    "later_objective": Column("string", "the objective that is asked for after half of the steps"),
    "temperature": Column("Float64", "temperature τ of every step"),
    "sharpness": Column("Float64", "sharpness β of every step"),
}
OTHERS = ("circuit", "dial")
"""The circuit that reads its objective, and the one without a prompt, which its dial turns."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Nothing: circuits and descent of every number of steps are constructed here."""
    return []


def measure(
    study: Study,
    *,
    steps: list[PositiveInt],
    temperatures: list[PositiveFloat],
    sharpnesses: list[NonNegativeFloat],
    prompts: PositiveInt = 1024,
) -> Iterator[Record]:
    """Largest differences for every number of steps, by prompt and by dial, and the dial's sweep."""
    stored, _ = study.prompts(count=prompts)
    stored, task = in_double(stored), study.task()
    assert isinstance(task, ObjectiveRegression)
    for count in steps:
        long = dataclasses.replace(task, steps=count)
        for circuit, objective, apart in differences(long, stored):
            found = {"max_abs_difference": apart}
            yield from study.rows(circuit, None, found, objective=objective, steps=count)
        for before, after, apart in switches(long, stored):
            found = {"switched_max_abs_difference": apart}
            which: dict[str, Any] = {"objective": before, "later_objective": after}
            yield from study.rows("circuit", None, found, **which, steps=count)
    for (temperature, sharpness), dial in dials(task, temperatures, sharpnesses).items():
        ours = _predict(ObjectiveDescent(*dial), stored)
        for objective in OBJECTIVES:
            theirs = _predict(objective_descent(task, jax.random.key(0), objective=objective), stored)
            found = {"dial_error": relative_error(ours.T, theirs.T)}
            place: dict[str, Any] = {"temperature": temperature, "sharpness": sharpness}
            yield from study.rows("dial", None, found, **place, reference=DESCENT[objective])


@eqx.filter_jit
def _predict(learner: Learner, prompts: Prompt) -> Float[Array, "p one"]:
    return jax.vmap(learner)(prompts)


def differences(task: ObjectiveRegression, prompts: Prompt) -> Iterator[tuple[str, str, Array]]:
    """Circuit, objective and largest difference: of the prompted circuit and of the one with a dial."""
    key = jax.random.key(0)
    circuit = prompt_circuit(task, key)
    for name in OBJECTIVES:
        asked = asking(prompts, name)
        apart = _predict(circuit, asked) - _predict(objective_descent(task, key, objective=name), asked)
        yield "circuit", name, jnp.abs(apart).max()
        explicit = ObjectiveDescent(*dialled(task, name))
        apart = _predict(turned(task, name), asked) - _predict(explicit, asked)
        yield "dial", name, jnp.abs(apart).max()


def switches(task: ObjectiveRegression, prompts: Prompt) -> Iterator[tuple[str, str, Array]]:
    """Objectives before and after every change half-way, by the objective's token alone, and the difference.

    A single step leaves no half-way.
    """
    first = task.steps // 2
    circuit = prompt_circuit(task, jax.random.key(0))
    for before, after in itertools.permutations(OBJECTIVES, 2) if first else ():
        asked, later = asking(prompts, before), asking(prompts, after).objective
        both = zip(task.dial(before), task.dial(after), strict=True)
        mixed = (jnp.concatenate([a[:first], b[first:]]) for a, b in both)
        changed = jax.jit(jax.vmap(lambda p, o: switched(circuit, p, o, 3 * first)))(asked, later)
        apart = changed - _predict(ObjectiveDescent(*mixed), asked)
        yield before, after, jnp.abs(apart).max()


def dials(
    task: ObjectiveRegression, temperatures: list[float], sharpnesses: list[float]
) -> dict[tuple[float, float], Dial]:
    """By (τ, β), settings from L2 (τ large, β = 0) to L1 (the task's τ) to L∞ (the task's β).

    The rate is η₁ + η₂(τ − τ₀) on the first part, which ends at that of L1 and begins as that of L2 does;
    on the second it goes geometrically from that of L1 to that of L∞.
    """

    def dial(rate: float, tau: float, beta: float) -> Dial:
        return Dial(*(jnp.full(task.steps, value) for value in (rate, tau, beta)))

    found = {}
    for tau in temperatures:
        found[tau, 0.0] = dial(task.l1_rate + task.l2_rate * (tau - task.temperature), tau, 0.0)
    for beta in sharpnesses:
        rate = task.l1_rate * (task.linf_rate / task.l1_rate) ** min(beta / task.sharpness, 1.0)
        found[task.temperature, beta] = dial(rate, task.temperature, beta)
    return found
