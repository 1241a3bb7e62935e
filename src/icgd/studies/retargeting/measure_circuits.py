"""How exactly constructed circuits equal explicit descent on each objective, in float64.

Also what the dial does: the distance of one step rule to descent on L2, L1 and L∞ as τ falls and β grows.
"""

import dataclasses
from collections.abc import Iterator

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float

from icgd.algorithms.objective_descent import ObjectiveDescent, objective_descent
from icgd.analysis.distances import in_double
from icgd.analysis.study import Study
from icgd.constructions.objective_circuit import dial_circuit, prompt_circuit, switched
from icgd.learner import Learner
from icgd.objectives.dial import OBJECTIVES, Dial
from icgd.prompt import Prompt
from icgd.ranges import NonNegativeFloat, PositiveFloat, PositiveInt
from icgd.tasks.objective_regression import ObjectiveRegression

FAR = 1e4
"""The temperature that stands for τ = ∞ in a circuit."""


def measure(
    study: Study,
    *,
    steps: list[PositiveInt],
    temperatures: list[PositiveFloat],
    sharpnesses: list[NonNegativeFloat],
    prompts: PositiveInt = 1024,
) -> pd.DataFrame:
    """Largest differences |ŷ_circuit − ŷ_descent| for every number of steps, and the dial's sweep.

    Rows of `circuit` have conditions objective=…,steps=K (by prompt), dial=…,steps=K (by parameter) and
    switch=<first>-<second>,steps=K (half-way through the pass); in the sweep temperature=τ or sharpness=β.
    """
    stored, _ = study.prompts(study.spec["variant"], prompts)
    stored, task = in_double(stored), study.task(study.spec["variant"])
    assert isinstance(task, ObjectiveRegression)
    tables = []
    for count in steps:
        long = dataclasses.replace(task, steps=count)
        for condition, difference in differences(long, stored):
            found = {"max_abs_difference": difference[None]}
            tables.append(study.rows("circuit", None, f"{condition},steps={count}", found))
    for condition, dial in dials(task, temperatures, sharpnesses):
        tables.append(study.rows("circuit", None, condition, _distances(task, dial, stored)))
    return pd.concat(tables)


def asking(prompts: Prompt, objective: str) -> Prompt:
    """The same prompts with another objective."""
    assert prompts.objective is not None
    row = jax.nn.one_hot(OBJECTIVES.index(objective), len(OBJECTIVES), dtype=prompts.x.dtype)
    return dataclasses.replace(prompts, objective=jnp.broadcast_to(row, prompts.objective.shape))


@eqx.filter_jit
def _predict(learner: Learner, prompts: Prompt) -> Float[Array, "p m"]:
    return jax.vmap(learner)(prompts)


def differences(task: ObjectiveRegression, prompts: Prompt) -> Iterator[tuple[str, Array]]:
    """Condition and largest difference for each objective and each switch half-way."""
    key = jax.random.key(0)
    circuit = prompt_circuit(task, key)
    explicit = {name: objective_descent(task, key, objective=name) for name in OBJECTIVES}
    for name, descent in explicit.items():
        asked = asking(prompts, name)
        apart = _predict(circuit, asked) - _predict(descent, asked)
        yield f"objective={name}", jnp.abs(apart).max()
        dial = descent.dials() if name != "l2" else far(task)
        turned = dial_circuit(task.dimension, task.context_length, dial)
        apart = _predict(turned, asked) - _predict(ObjectiveDescent(*dial), asked)
        yield f"dial={name}", jnp.abs(apart).max()
    first = task.steps // 2
    if first:
        yield from _switches(task, prompts, first)


def _switches(task: ObjectiveRegression, prompts: Prompt, first: int) -> Iterator[tuple[str, Array]]:
    """Every change of objective after the first steps, by changing the objective's token alone."""
    circuit = prompt_circuit(task, jax.random.key(0))
    dials = {name: task.dial(name) for name in OBJECTIVES}
    for index, before in enumerate(OBJECTIVES):
        for after in OBJECTIVES[:index] + OBJECTIVES[index + 1 :]:
            asked, later = asking(prompts, before), asking(prompts, after).objective
            assert later is not None
            mixed = (
                jnp.concatenate([a[:first], b[first:]])
                for a, b in zip(dials[before], dials[after], strict=True)
            )
            turned = jax.jit(jax.vmap(lambda p, o: switched(circuit, p, o, 3 * first)))(asked, later)
            apart = turned - _predict(ObjectiveDescent(*mixed), asked)
            yield f"switch={before}-{after}", jnp.abs(apart).max()


def far(task: ObjectiveRegression) -> Dial:
    """The dial's setting for L2: a temperature so high that tanh(r/τ) is r/τ."""
    count = task.steps
    return Dial(jnp.full(count, FAR * task.l2_rate), jnp.full(count, FAR), jnp.zeros(count))


def dials(
    task: ObjectiveRegression, temperatures: list[float], sharpnesses: list[float]
) -> Iterator[tuple[str, Dial]]:
    """Settings along a path from L2 (τ large, β = 0) to L1 (the task's τ) to L∞ (the task's β).

    The rate is η₁ + η₂(τ − τ₀) on the first part, which ends at that of L1 and begins as that of L2 does;
    on the second it goes geometrically from that of L1 to that of L∞.
    """

    def dial(rate: float, tau: float, beta: float) -> Dial:
        return Dial(*(jnp.full(task.steps, value) for value in (rate, tau, beta)))

    for tau in temperatures:
        yield f"temperature={tau}", dial(task.l1_rate + task.l2_rate * (tau - task.temperature), tau, 0.0)
    for beta in sharpnesses:
        rate = task.l1_rate * (task.linf_rate / task.l1_rate) ** min(beta / task.sharpness, 1.0)
        yield f"sharpness={beta}", dial(rate, task.temperature, beta)


def _distances(task: ObjectiveRegression, dial: Dial, prompts: Prompt) -> dict[str, Array]:
    ours = _predict(ObjectiveDescent(*dial), prompts)
    found = {}
    for name in OBJECTIVES:
        theirs = _predict(objective_descent(task, jax.random.key(0), objective=name), prompts)
        found[f"error_to_{name}"] = (jnp.mean((ours - theirs) ** 2) / jnp.mean(theirs**2))[None]
    return found
