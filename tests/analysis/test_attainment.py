"""Attainment: minimisers against another route, values by hand, and a learner that looks labels up."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from icgd.algorithms.objective_descent import exact_fit
from icgd.analysis.attainment import Ruler, best_weights, fresh_queries, implied_weights, values
from icgd.analysis.study import alone
from icgd.learner import Learner
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from tests.objectives.test_dial import KEY, TASK, prompts


class LookUp(Learner):
    """The label of the example whose input is the query, and zero for every other query."""

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 1"]:
        same = jnp.all(jnp.abs(prompt.x - prompt.query) < 1e-9, axis=1)
        return jnp.where(same.any(), same @ prompt.y, 0.0)[None]


class Fixed(Learner):
    """ŷ = w·q + b |q₁|: linear for b = 0."""

    weights: Float[Array, "*s d"]
    bend: Float[Array, "*s"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 1"]:
        return (self.weights @ prompt.query + self.bend * jnp.abs(prompt.query[0]))[None, None]


def by_vertices(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The least mean and largest |r|: the L1 fit meets d examples; of d + 1 the largest error has a formula.

    Of d + 1 points the least largest error is |λ·y|/Σ|λ| with λᵀX = 0, and that of all is the most of these.
    """
    n, d = x.shape
    mean = min(
        float(np.abs(y - x @ np.linalg.solve(x[list(rows)], y[list(rows)])).mean())
        for rows in itertools.combinations(range(n), d)
    )
    largest = 0.0
    for rows in itertools.combinations(range(n), d + 1):
        null = np.linalg.svd(x[list(rows)].T)[2][-1]
        largest = max(largest, abs(float(null @ y[list(rows)])) / float(np.abs(null).sum()))
    return mean, largest


def test_linear_programs_end_where_vertices_do(double: None) -> None:
    stored = prompts(12)
    found = values(stored, jnp.moveaxis(best_weights(stored), 1, 0))
    for place in range(12):
        mean, largest = by_vertices(np.asarray(stored.x[place]), np.asarray(stored.y[place, :, 0]))
        assert float(found[0, place, 0]) == pytest.approx(mean, rel=1e-6)  # the solver stops at 1e-7
        assert float(found[2, place, 2]) == pytest.approx(largest, rel=1e-6)


def test_least_squares_attains_none_of_l1_and_the_fits_attain_all(double: None) -> None:
    stored = prompts(16)
    ruler, best = Ruler.of(stored), jnp.moveaxis(best_weights(stored), 1, 0)
    found = ruler.attained(best)
    np.testing.assert_allclose(jnp.diagonal(found), 1, rtol=1e-6)
    np.testing.assert_allclose(found[1], [0, 1, 0], atol=1e-9)
    np.testing.assert_allclose(ruler.attained(jnp.zeros((16, 3)))[1], 0, atol=1e-12)
    assert float(found[0, 2]) < 0


def test_it_is_a_ratio_of_means_over_prompts(double: None) -> None:
    """Two prompts whose least squares have mean |r| 1 and 3, minimisers 0 and 2, and a learner 1 and 2."""
    ruler = Ruler(prompts(2), jnp.full((2, 3), jnp.array([[1.0], [3.0]])), jnp.array([[0.0] * 3, [2.0] * 3]))
    found = jnp.array([[1.0] * 3, [2.0] * 3])
    np.testing.assert_allclose(ruler.attainment(found), (2 - 1.5) / (2 - 1))
    np.testing.assert_allclose(ruler.after(1).attainment(found[1:]), 1)


def test_a_learner_that_looks_labels_up_attains_nothing(double: None) -> None:
    """At the context's inputs it is perfect; asked elsewhere it predicts zero, and so do its weights."""
    stored = prompts(8)
    at_inputs = jax.vmap(LookUp())(Prompt(stored.x, stored.y, stored.x[:, 0]))
    np.testing.assert_array_equal(at_inputs, stored.y[:, 0])
    queries = fresh_queries(KEY, TASK.dimension)
    weights = implied_weights(LookUp(), stored, queries).weights
    np.testing.assert_array_equal(weights, 0)
    assert np.all(np.asarray(Ruler.of(stored).attained(weights)) <= 0)


def test_implied_weights_are_a_linear_learners_own(double: None) -> None:
    stored, queries = prompts(4), fresh_queries(KEY, TASK.dimension)
    weights = jnp.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])
    found = implied_weights(Fixed(weights, jnp.array([0.0, 0.0])), stored, queries)
    np.testing.assert_allclose(found.weights, jnp.repeat(weights[:, None], 4, axis=1), atol=1e-12)
    np.testing.assert_allclose(found.explained, 1)
    bent = implied_weights(Fixed(weights, jnp.array([0.0, 3.0])), stored, queries)
    assert float(bent.explained[0]) == pytest.approx(1)
    assert float(bent.explained[1]) < 0.6


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_exact_fits_as_learners_attain_one(double: None, objective: str) -> None:
    stored, queries = prompts(5), fresh_queries(KEY, TASK.dimension, 8)
    fit = alone(exact_fit(TASK, KEY, objective=objective)).learner  # type: ignore[arg-type]
    weights = implied_weights(fit, stored, queries).weights
    place = OBJECTIVES.index(objective)  # type: ignore[arg-type]
    assert float(Ruler.of(stored).attained(weights)[0, place]) == pytest.approx(1)


def test_intervals_hold_the_attainment_and_shrink_with_prompts(double: None) -> None:
    widths = []
    for count in (16, 256):
        stored = prompts(count)
        ruler, weights = Ruler.of(stored), 0.5 * best_weights(stored)[None, :, 0]
        low, high = ruler.interval(weights, KEY)
        assert np.all(np.asarray(low) < np.asarray(ruler.attained(weights)[0]))
        assert np.all(np.asarray(high) > np.asarray(ruler.attained(weights)[0]))
        widths.append(np.asarray(high - low))
    assert np.all(widths[1] < widths[0])
