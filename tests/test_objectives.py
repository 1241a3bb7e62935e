"""Objectives: explicit descent against loops, exact fits, circuits, and the labels' polynomials."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.objective_descent import ObjectiveDescent, exact_fit, fit, objective_descent
from icgd.constructions.objective_circuit import dial_circuit, prompt_circuit
from icgd.models.blocks import prompted_transformer
from icgd.models.conditioned_stack import conditioned_stack
from icgd.objectives.dial import OBJECTIVES, Dial, Objective, descend, value
from icgd.prompt import Prompt
from icgd.studies.retargeting.measure_circuits import asking, dials, differences, far
from icgd.studies.retargeting.measure_linearity import (
    defects,
    degree,
    random_prompts,
    random_stack,
    structured_stack,
)
from icgd.tasks.objective_regression import FAMILIES, SCALES, ObjectiveRegression, unit_noise

KEY = jax.random.key(0)
TASK = ObjectiveRegression(dimension=3, context_length=6, noise_scale=1.0)


def prompts(count: int, task: ObjectiveRegression = TASK) -> Prompt:
    drawn, _ = jax.vmap(task.sample)(jax.random.split(KEY, count))
    return jax.tree.map(lambda a: a.astype(float), drawn)


def looped(x: np.ndarray, y: np.ndarray, objective: str, rate: float, steps: int) -> np.ndarray:
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        residual = y - x @ weights
        pull = residual if objective == "l2" else np.tanh(residual / 0.2)
        share = np.exp(5 * np.abs(residual)) if objective == "linf" else np.ones(len(y))
        weights = weights + rate * (share / share.sum() * pull) @ x
    return weights


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_descent_matches_loops_and_lowers_its_objective(double: None, objective: str) -> None:
    stored = prompts(5)
    task = dataclasses.replace(TASK, l1_rate=0.3, l2_rate=0.3, linf_rate=0.1)
    for x, y in zip(stored.x, stored.y[..., 0], strict=True):
        found = descend(x, y, task.dial(objective))[-1]
        rate = {"l1": 0.3, "l2": 0.3, "linf": 0.1}[objective]
        np.testing.assert_allclose(
            found, looped(np.asarray(x), np.asarray(y), objective, rate, 3), rtol=1e-12
        )
        assert value(x, y, found, objective) < value(x, y, jnp.zeros(3), objective)


def test_limits_take_signs_and_the_largest_residual(double: None) -> None:
    x, y = jnp.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), jnp.array([1.0, -3.0, 0.0])
    signs = descend(x, y, Dial(jnp.array([0.3]), jnp.zeros(1), jnp.zeros(1)))[0]
    np.testing.assert_allclose(signs, [0.1, -0.1])
    worst = descend(x, y, Dial(jnp.array([0.3]), jnp.zeros(1), jnp.array([jnp.inf])))[0]
    np.testing.assert_allclose(worst, [0.0, -0.3])


@pytest.mark.parametrize("largest", [False, True])
def test_exact_fits_are_the_best_vertices(largest: bool) -> None:
    """The L1 fit passes through d examples; the L∞ fit has d + 1 residuals of the largest size."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(7, 2)), generator.normal(size=7)
    best = np.inf
    for rows in itertools.combinations(range(7), 3 if largest else 2):
        for signs in itertools.product([1, -1], repeat=len(rows)):
            chosen = x[list(rows)]
            if largest:
                matrix = np.column_stack([chosen, signs])
                weights = np.linalg.solve(matrix, y[list(rows)])[:2]
            else:
                weights = np.linalg.solve(chosen, y[list(rows)])
            size = np.abs(y - x @ weights)
            best = min(best, float(size.max() if largest else size.sum()))
    size = np.abs(y - x @ fit(x, y, largest))
    assert (size.max() if largest else size.sum()) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_exact_fits_are_learners_with_sensitivities(double: None, objective: Objective) -> None:
    stored, learner = prompts(3), exact_fit(TASK, KEY, objective=objective)

    def predicted(query: jax.Array, prompt: Prompt) -> jax.Array:
        return learner(dataclasses.replace(prompt, query=query))

    slopes = jax.vmap(jax.jacobian(predicted))(stored.query, stored)
    np.testing.assert_allclose(jnp.einsum("pmd,pd->pm", slopes, stored.query), jax.vmap(learner)(stored))


def test_noise_has_variance_one_and_the_families_shapes(double: None) -> None:
    noise = unit_noise(KEY, 200_000)
    np.testing.assert_allclose(jnp.var(noise, axis=1), 1, rtol=0.03)
    outliers, _, arcsine = noise
    assert float(jnp.mean(outliers == 0)) == pytest.approx(0.8, abs=0.01)
    assert float(jnp.abs(arcsine).max()) <= np.sqrt(2) + 1e-6


def test_confounds_tie_noise_and_scale_to_the_objective(double: None) -> None:
    for index, family in enumerate(FAMILIES):
        asked = dataclasses.replace(TASK, objective=OBJECTIVES[index])
        tied = dataclasses.replace(asked, confound="noise")
        np.testing.assert_array_equal(
            prompts(4, tied).y, prompts(4, dataclasses.replace(asked, noise=family)).y
        )
        scaled = dataclasses.replace(asked, confound="scale")
        np.testing.assert_allclose(prompts(4, scaled).y, SCALES[index] * prompts(4, asked).y, rtol=1e-6)
    free = dataclasses.replace(TASK, confound="noise", objective="l2", untied=1.0)
    np.testing.assert_array_equal(prompts(4, free).y, prompts(4, dataclasses.replace(TASK, objective="l2")).y)


@pytest.mark.parametrize("steps", [1, 2])
def test_circuits_equal_explicit_descent(double: None, steps: int) -> None:
    found = dict(differences(dataclasses.replace(TASK, steps=steps), prompts(20)))
    assert len(found) == (6 if steps == 1 else 12)
    assert max(map(float, found.values())) < 1e-11


def test_circuits_differ_where_the_objective_does(double: None) -> None:
    stored = prompts(20)
    circuit = prompt_circuit(TASK, KEY)
    one, other = (jax.vmap(circuit)(asking(stored, name)) for name in ("l1", "linf"))
    assert float(jnp.abs(one - other).max()) > 0.1
    turned = dial_circuit(3, 6, far(TASK))
    explicit = jax.vmap(objective_descent(TASK, KEY, objective="l2"))(stored)
    np.testing.assert_allclose(
        jax.vmap(turned)(dataclasses.replace(stored, objective=None)), explicit, atol=1e-6
    )


def test_the_dial_passes_through_the_three_algorithms(double: None) -> None:
    ends = dict(dials(TASK, [0.2], [0.0, 5.0]))
    for condition, objective in (
        ("temperature=0.2", "l1"),
        ("sharpness=0.0", "l1"),
        ("sharpness=5.0", "linf"),
    ):
        for ours, theirs in zip(ends[condition], TASK.dial(objective), strict=True):
            np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize("depth", [1, 2])
def test_labels_enter_as_polynomials_of_the_stated_degree(double: None, depth: int) -> None:
    drawn = random_prompts(KEY, 8, 2)
    assert degree(random_stack(KEY, depth), drawn, 3**depth) == 3**depth - 1
    structured = structured_stack(KEY, depth)
    assert degree(structured, drawn, 3**depth) == 1
    assert float(defects(structured, drawn)["additivity_defect"][0]) < 1e-13
    assert float(defects(random_stack(KEY, depth), drawn)["additivity_defect"][0]) > 1e-3


def test_exact_l1_fit_is_homogeneous_but_not_additive(double: None) -> None:
    """Up to the solver's feasibility tolerance of 1e-7."""
    found = defects(exact_fit(TASK, KEY, objective="l1"), prompts(20))
    assert float(found["homogeneity_defect"][0]) < 1e-6
    assert float(found["additivity_defect"][0]) > 0.05


def test_models_read_the_objective(double: None) -> None:
    stored = prompts(4)
    for model in (prompted_transformer(TASK, KEY, width=16, heads=2, hidden=8), conditioned_stack(TASK, KEY)):
        ours = jax.tree.map(lambda a: a.astype(float) + 0.1, model)
        one, other = (jax.vmap(ours)(asking(stored, name)) for name in ("l1", "l2"))
        assert one.shape == (4, 1)
        assert float(jnp.abs(one - other).min()) > 0


def test_descent_keeps_its_dials() -> None:
    learner = objective_descent(TASK, KEY, objective="linf", smooth=False)
    assert isinstance(learner, ObjectiveDescent)
    assert float(learner.dials().sharpness[0]) == np.inf
    assert float(learner.dials().temperature[0]) == 0
