"""How exactly constructed circuits equal explicit descent on each objective, in float64.

Also what the dial does: what one step rule attains of L2, L1 and L∞ as τ falls and β grows, and how far its
pulls ω_j ψ(r_j), as a function of the residuals, are from a gradient of anything.
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
from icgd.analysis.attainment import Ruler
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.constructions.objective_circuit import prompt_circuit, switched
from icgd.learner import Learner
from icgd.objectives.dial import OBJECTIVES, Dial, descend, signal
from icgd.prompt import Prompt
from icgd.ranges import NonNegativeFloat, PositiveFloat, PositiveInt
from icgd.studies.retargeting.knobs import asking, dialled, turned
from icgd.tasks.objective_regression import ObjectiveRegression

METRICS = {
    "max_abs_difference": Metric("largest |ŷ_circuit − ŷ_descent| over the prompts", ("objective", "steps")),
    "switched_max_abs_difference": Metric(
        "the same where half-way through the pass another objective is asked for",
        ("objective", "later_objective", "steps"),
    ),
    "dial_attainment": Metric(
        "attainment of an objective by descent at a setting of the dial",
        ("temperature", "sharpness", "attained"),
    ),
    "antisymmetry": Metric(
        "‖J − Jᵀ‖ over ‖J + Jᵀ‖, J the Jacobian of the pulls at the labels of all prompts; 0 for a gradient",
        ("temperature", "sharpness"),
    ),
}
COLUMNS = {
    "steps": Column("Int64", "number of steps of descent", option="steps"),
    "later_objective": Column("string", "the objective that is asked for after half of the steps"),
    "temperature": Column("Float64", "temperature τ of every step"),
    "sharpness": Column("Float64", "sharpness β of every step"),
    "attained": Column("string", "the objective whose value is measured"),
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
    ruler = Ruler.of(stored)
    for (temperature, sharpness), dial in dials(task, temperatures, sharpnesses).items():
        place: dict[str, Any] = {"temperature": temperature, "sharpness": sharpness}
        one = Dial(*(part[0] for part in dial))
        yield from study.rows("dial", None, {"antisymmetry": antisymmetry(stored, one)}, **place)
        reached = ruler.attained(_descended(stored, dial))
        for index, attained in enumerate(OBJECTIVES):
            metric = {"dial_attainment": reached[index]}
            yield from study.rows("dial", None, metric, **place, attained=attained)


@eqx.filter_jit
def _descended(prompts: Prompt, dial: Dial) -> Float[Array, "p d"]:
    return jax.vmap(lambda x, y: descend(x, y[:, 0], dial)[-1])(prompts.x, prompts.y)


@eqx.filter_jit
def antisymmetry(prompts: Prompt, dial: Dial) -> Float[Array, ""]:
    """How far the pulls of one step are from a gradient in the residuals."""
    jacobian = jax.vmap(jax.jacfwd(lambda r: signal(r, dial)))(prompts.y[..., 0])
    turned = jnp.swapaxes(jacobian, 1, 2)
    return jnp.sqrt(jnp.sum((jacobian - turned) ** 2) / jnp.sum((jacobian + turned) ** 2))


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
    """By (τ, β), settings from L2 (τ large, β = 0) to L1 (its τ) to L∞ (its β, and its τ on the way).

    The rates are η₁ + η₂(τ − τ₀) on the first part, which ends at those of L1 and begins as those of L2 do;
    on the second, rates and τ go geometrically from those of L1 to those of L∞.
    """
    first, plain, last = (task.dial(name) for name in ("l1", "l2", "linf"))
    start, full = jnp.ones(task.steps), float(last.sharpness[0])
    found = {}
    for tau in temperatures:
        rate = first.rate + plain.rate * (tau - task.l1_temperature)
        found[tau, 0.0] = Dial(rate, tau * start, 0 * start)
    for beta in sharpnesses:
        share = min(beta / full, 1.0)
        rate, taus = (a ** (1 - share) * b**share for a, b in zip(first[:2], last[:2], strict=True))
        found[float(taus[0]), beta] = Dial(rate, taus, beta * start)
    return found
