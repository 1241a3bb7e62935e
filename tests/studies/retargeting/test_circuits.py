"""Circuits against explicit descent, and the dial's sweep."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.objective_descent import objective_descent
from icgd.constructions.objective_circuit import prompt_circuit
from icgd.prompt import Prompt
from icgd.studies.retargeting import measure_circuits
from icgd.studies.retargeting.knobs import asking, turned
from icgd.studies.retargeting.measure_circuits import dials, differences, switches
from icgd.tasks.objective_regression import ObjectiveRegression
from tests.objectives.test_dial import KEY, TASK, looped, prompts
from tests.studies.retargeting.common import measured, study, values

OPTIONS = {"dimension": 3, "context_length": 6, "noise_scale": 1.0}
SWEEP = {"temperatures": [1.0, 0.2], "sharpnesses": [0.0, 5.0]}


@pytest.mark.parametrize("steps", [1, 2])
def test_circuits_equal_explicit_descent(double: None, steps: int) -> None:
    task = dataclasses.replace(TASK, steps=steps)
    apart = {(circuit, name): value for circuit, name, value in differences(task, prompts(20))}
    changed = {(before, after): value for before, after, value in switches(task, prompts(20))}
    assert len(apart) == 6
    assert len(changed) == (0 if steps == 1 else 6)
    assert max(map(float, [*apart.values(), *changed.values()])) < 1e-11


def test_circuits_differ_where_the_objective_does(double: None) -> None:
    stored = prompts(20)
    circuit = prompt_circuit(TASK, KEY)
    one, other = (jax.vmap(circuit)(asking(stored, name)) for name in ("l1", "linf"))
    assert float(jnp.abs(one - other).max()) > 0.1
    explicit = jax.vmap(objective_descent(TASK, KEY, objective="l2"))(stored)
    ours = jax.vmap(turned(TASK, "l2"))(dataclasses.replace(stored, objective=None))
    np.testing.assert_allclose(ours, explicit, atol=1e-6)


def test_the_dial_passes_through_the_three_algorithms(double: None) -> None:
    settings = dials(TASK, [1.0, 0.2], [0.0, 5.0])
    assert list(settings) == [(1.0, 0.0), (0.2, 0.0), (0.2, 5.0)]  # where both sweeps meet, once
    for place, objective in (((0.2, 0.0), "l1"), ((0.2, 5.0), "linf")):
        for ours, theirs in zip(settings[place], TASK.dial(objective), strict=True):
            np.testing.assert_allclose(ours, theirs)


def swept(stored: Prompt, task: ObjectiveRegression) -> float:
    """The error to descent on L2 of τ = 1, β = 0 by loops; the rate is η₁ + η₂(τ − τ₀)."""
    ours, theirs = [], []
    for x, y, query in zip(stored.x, stored.y[..., 0], stored.query, strict=True):
        weights = np.zeros(3)
        for _ in range(task.steps):
            pull = np.tanh(np.asarray(y - x @ weights))
            weights = weights + (task.l1_rate + task.l2_rate * 0.8) / len(y) * pull @ np.asarray(x)
        ours.append(weights @ np.asarray(query))
        least = looped(np.asarray(x), np.asarray(y), "l2", task.l2_rate, task.steps)
        theirs.append(least @ np.asarray(query))
    return float(np.mean(np.subtract(ours, theirs) ** 2) / np.mean(np.square(theirs)))


def test_differences_and_the_sweep_are_told_apart_by_columns(double: None) -> None:
    stored = prompts(8)
    hand = study({}, stored={"law": stored}, options=OPTIONS)
    found = measured(measure_circuits, hand, steps=[2], prompts=8, **SWEEP)
    for circuit in ("circuit", "dial"):
        (apart,) = values(found, learner=circuit, metric="max_abs_difference", objective="linf", steps=2)
        assert apart < 1e-11
    switch = {"objective": "linf", "later_objective": "l2", "steps": 2}
    (apart,) = values(found, learner="circuit", metric="switched_max_abs_difference", **switch)
    assert apart < 1e-11
    assert (found["metric"].value_counts()).to_dict() == {
        "max_abs_difference": 6,
        "switched_max_abs_difference": 6,
        "dial_error": 9,
    }
    at = {"learner": "dial", "metric": "dial_error"}
    known = swept(stored, TASK)
    assert known > 1e-3
    assert values(found, **at, temperature=1.0, sharpness=0.0, reference="l2") == pytest.approx([known])
    assert values(found, **at, temperature=0.2, sharpness=0.0, reference="l1") == pytest.approx([0])
    assert values(found, **at, temperature=0.2, sharpness=5.0, reference="linf") == pytest.approx([0])
