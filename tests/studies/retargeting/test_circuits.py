"""Circuits against explicit descent, and the dial's sweep."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.objective_descent import objective_descent
from icgd.analysis.attainment import Ruler
from icgd.constructions.objective_circuit import prompt_circuit
from icgd.objectives.dial import Dial
from icgd.prompt import Prompt
from icgd.studies.retargeting import measure_circuits
from icgd.studies.retargeting.knobs import asking, turned
from icgd.studies.retargeting.measure_circuits import antisymmetry, dials, differences, switches
from tests.objectives.test_dial import KEY, TASK, looped, prompts
from tests.studies.retargeting.common import measured, study, values

OPTIONS = (
    {name: getattr(TASK, name) for name in ("dimension", "context_length", "steps")}
    | {
        f"{o}_{part}": getattr(TASK, f"{o}_{part}")
        for o in ("l1", "l2", "linf")
        for part in ("rate", "decay")
    }
    | {"l1_temperature": 0.2, "linf_temperature": 0.2}
)
SWEEP = {"temperatures": [1.0, 0.2], "sharpnesses": [5.0]}


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
    settings = dials(TASK, [1.0, 0.2], [5.0])
    assert list(settings) == [(1.0, 0.0), (0.2, 0.0), (0.2, 5.0)]
    for place, objective in (((0.2, 0.0), "l1"), ((0.2, 5.0), "linf")):
        for ours, theirs in zip(settings[place], TASK.dial(objective), strict=True):
            np.testing.assert_allclose(ours, theirs)


def test_pulls_of_one_weight_each_are_a_gradient_and_others_are_not(double: None) -> None:
    """With β = 0 the Jacobian is diagonal; at the residuals (2, −1) with τ = ∞, β = 1 it is known."""
    stored = prompts(4)
    assert float(antisymmetry(stored, Dial(jnp.ones(()), jnp.asarray(0.2), jnp.zeros(())))) == 0
    one = jax.tree.map(lambda a: a[:1], stored)
    two = Prompt(one.x[:, :2], jnp.array([[[2.0], [-1.0]]]), one.query)
    weight = 1 / (1 + np.exp(-1.0))
    cross = weight * (1 - weight)
    jacobian = np.array([[weight + 2 * cross, 2 * cross], [cross, 1 - weight + cross]])
    # ∂(ω₁r₁)/∂r₂ = −r₁ω₁ω₂ sign(r₂) and ∂(ω₂r₂)/∂r₁ = −r₂ω₁ω₂ sign(r₁)
    known = np.linalg.norm(jacobian - jacobian.T) / np.linalg.norm(jacobian + jacobian.T)
    found = antisymmetry(two, Dial(jnp.ones(()), jnp.asarray(jnp.inf), jnp.ones(())))
    assert float(found) == pytest.approx(known)


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
        "dial_attainment": 9,
        "antisymmetry": 3,
    }
    ruler = Ruler.of(stored)
    for place, objective in (((0.2, 0.0), "l1"), ((0.2, 5.0), "linf")):
        weights = [
            looped(np.asarray(x), np.asarray(y), objective, 0.5, 3)
            for x, y in zip(stored.x, stored.y[..., 0], strict=True)
        ]
        known = ruler.attained(jnp.asarray(np.array(weights)))
        at = {"learner": "dial", "metric": "dial_attainment", "temperature": place[0], "sharpness": place[1]}
        for index, attained in enumerate(("l1", "l2", "linf")):
            assert values(found, **at, attained=attained) == pytest.approx([float(known[index])])
