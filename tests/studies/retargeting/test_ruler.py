"""The ruler of scores, and what changes make of networks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.objective_descent import objective_descent
from icgd.analysis.study import Population, alone
from icgd.models.adapters import adapted, count
from icgd.models.blocks import prompted_transformer
from icgd.objectives.dial import OBJECTIVES
from icgd.studies.retargeting.changes import between, merged, sizes
from icgd.studies.retargeting.ruler import DESCENT, Ruler
from icgd.tasks.objective_regression import ObjectiveRegression
from tests.studies.retargeting.common import study

KEY = jax.random.key(0)
TASK = ObjectiveRegression(noise_scale=1.0)


def test_scores_are_zero_for_scales_and_one_for_the_algorithm(double: None) -> None:
    prompts = jax.vmap(TASK.sample)(jax.random.split(KEY, 64))[0]
    learners = {str(name): alone(objective_descent(TASK, KEY, objective=name)) for name in OBJECTIVES}
    ruler = Ruler.of(study(learners), prompts, DESCENT)
    home, goal = ruler.predictions["l2"], ruler.predictions["l1"]
    grid = jnp.linspace(0.5, 1.5, 1001)
    best = grid[jnp.argmin(jnp.array([ruler.error(scale * home, "l1")[0] for scale in grid]))]
    assert float(ruler.least(home, "l1")[0]) == pytest.approx(
        float(ruler.error(best * home, "l1")[0]), rel=1e-4
    )
    assert float(ruler.score(best * home, home, "l1")[0]) == pytest.approx(0, abs=1e-4)
    assert float(ruler.score(goal, home, "l1")[0]) == pytest.approx(1)


def test_sizes_and_weights_of_changes() -> None:
    learners = eqx.filter_vmap(lambda key: adapted(TASK, key, part="steering_1", random=True))(
        jax.random.split(KEY, 2)
    )
    size, share = sizes(Population(learners, [0, 1], 1))
    assert size.tolist() == [64, 64]
    one = jax.tree.map(lambda a: a[0], learners.base)
    np.testing.assert_allclose(share, 64 / count(one))
    moved = eqx.tree_at(lambda m: m.change, learners, jax.tree.map(lambda a: a + 1.0, learners.change))
    weights = merged(moved)
    np.testing.assert_allclose(weights.kinds, learners.base.kinds + 1, rtol=1e-6)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(weights.readout, learners.base.readout)  # type: ignore[attr-defined]


def test_the_path_ends_where_it_should() -> None:
    first, last = (prompted_transformer(TASK, jax.random.key(seed)) for seed in (0, 1))
    assert eqx.tree_equal(between(first, last, 0.0), first)
    assert eqx.tree_equal(between(first, last, 1.0), last)
    half = between(first, last, 0.5)
    np.testing.assert_allclose(half.kinds, (first.kinds + last.kinds) / 2, rtol=1e-6)  # type: ignore[attr-defined]
