"""Which algorithm: distances, sensitivities, readouts and interchange, with models that are known."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.objective_descent import ObjectiveDescent
from icgd.analysis.study import Population, alone
from icgd.models.blocks import PromptedTransformer, prompted_transformer
from icgd.studies.retargeting import measure_identified
from icgd.studies.retargeting.fits import active, fits, reweighted, sensitivities, share_of_most, share_on
from icgd.studies.retargeting.interchange import residuals, resumed
from icgd.tasks.objective_regression import ObjectiveRegression
from tests.studies.retargeting.common import measured, regression, study, values

TASK = ObjectiveRegression(dimension=2, context_length=7)


def descent(steps: int = 2) -> ObjectiveDescent:
    return ObjectiveDescent(jnp.full(steps, 0.5), jnp.full(steps, jnp.inf), jnp.zeros(steps))


def test_fits_by_hand(double: None) -> None:
    stored = regression()
    found = fits(stored, {"l2": descent()}, 1.0)
    x, y = np.asarray(stored.x[0]), np.asarray(stored.y[0, :, 0])
    np.testing.assert_allclose(found["ols", 0][0], np.linalg.lstsq(x, y, rcond=None)[0])
    np.testing.assert_allclose(found["ridge", 0][0], np.linalg.solve(x.T @ x + 2 * np.eye(2), x.T @ y))
    np.testing.assert_allclose(found["l2", 1][0], 0.5 * y @ x / 7)
    first = found["irls", 1][0]
    size = 1 / np.abs(y)
    np.testing.assert_allclose(first, np.linalg.solve((x * size[:, None]).T @ x, x.T @ (size * y)))
    many = reweighted(jnp.asarray(x), jnp.asarray(y), 0.5)[-1]
    pull = np.clip(y - x @ np.asarray(many), -0.5, 0.5)
    assert np.abs(pull @ x).max() < 0.05  # the Huber fit has no gradient left


def test_sensitivities_of_a_linear_map_are_known(double: None) -> None:
    stored = regression()
    found = sensitivities(lambda p: jnp.sum(p.x * p.y * jnp.arange(7.0)[:, None], axis=0), stored)
    known = np.sum(np.asarray(stored.x) ** 2, axis=2) * np.arange(7.0) ** 2
    np.testing.assert_allclose(found, known)


def test_shares_of_examples() -> None:
    sizes = jnp.array([[8.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    assert float(share_of_most(sizes)) == (2 / 4 + 4 / 4) / 2
    chosen = jnp.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    assert float(share_on(sizes, chosen)) == pytest.approx((0.8 + 0.25) / 2)


def test_active_examples(double: None) -> None:
    stored = regression(2)
    size = np.abs(residuals(stored, jnp.zeros((2, 2))))
    for largest in (False, True):
        found = np.asarray(active(stored, jnp.zeros((2, 2)), 3, largest))
        for row in range(2):
            order = np.argsort(size[row])
            wanted = order[-3:] if largest else order[:3]
            assert sorted(np.flatnonzero(found[row])) == sorted(wanted)


def test_descent_that_is_resumed_goes_on(double: None) -> None:
    stored = regression()
    whole = resumed(stored, jnp.zeros((6, 2)), descent(3).dials())
    part = resumed(stored, jnp.zeros((6, 2)), descent(1).dials())
    np.testing.assert_allclose(resumed(stored, part, descent(2).dials()), whole)


def grown() -> Population:
    """Two seeds of a small model in float64, readout included."""
    made = [
        prompted_transformer(TASK, jax.random.key(seed), layers=2, width=8, heads=2, hidden=4, weighs=True)
        for seed in (0, 1)
    ]
    both: PromptedTransformer = jax.tree.map(lambda *a: jnp.stack(a).astype(float) + 0.1, *made)
    return Population(both, [0, 1], 10)


def test_rows(double: None) -> None:
    model, stored = grown(), regression(24)
    learners = {"model": model} | {name: alone(descent(3)) for name in ("d1", "d2", "d3")}
    hand = study(learners, stored={"law": stored}, options={"dimension": 2, "context_length": 7})
    sizes: dict[str, Any] = {"prompts": 24, "sensitivity_prompts": 4}
    found = measured(measure_identified, hand, learner="model", descents=["d1", "d2", "d3"], **sizes)
    asked = dataclasses.replace(stored, objective=jnp.tile(jnp.array([0.0, 0.0, 1.0]), (24, 1)))
    weights = np.asarray(model.map(lambda m, p: jax.vmap(m.weights)(p)[:, -1], asked))
    known = np.asarray(fits(stored, {"l2": descent(3)}, 1.0)["l2", 2])
    apart = ((weights - known) ** 2).sum(axis=(1, 2)) / (known**2).sum()
    at = {"learner": "model", "objective": "linf"}
    assert values(found, metric="distance", **at, algorithm="l2", steps=2) == pytest.approx(apart)
    every = found[(found["metric"] == "distance") & (found["objective"] == "linf")]
    nearest = every.groupby("seed")["value"].min().to_numpy(float)
    assert values(found, metric="nearest_distance", **at) == pytest.approx(nearest)
    for layer in (0, 1):
        for metric in ("residual_readout", "weight_readout", "layer_attainment", "interchange_error"):
            assert len(values(found, metric=metric, **at, layer=layer)) == 2
    # Before the first block the objective's token is the same in all prompts: nothing of w can be read.
    assert max(values(found, metric="weight_readout", **at, layer=0)) < 0.05
