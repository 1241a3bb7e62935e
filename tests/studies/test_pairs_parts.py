"""Pairs of tokens: sensitivities, parts of maps, changed maps, and times of curves."""

import jax
import jax.numpy as jnp
import numpy as np

from icgd.models.pair_stack import PairTransformer, pair_stack
from icgd.prompt import Prompt
from icgd.studies.pairs.changed_maps import changes
from icgd.studies.pairs.sensitivities import pair_parts, sensitivities
from icgd.studies.pairs.timing import progress, times
from icgd.tasks.linear_regression import LinearRegression
from tests.prompts import drawn_from

TASK = LinearRegression(dimension=3, context_length=4)
KEY = jax.random.key(0)


def prompts(count: int = 6) -> tuple[Prompt, jax.Array]:
    drawn, targets = drawn_from(TASK, KEY, count)
    return jax.tree.map(lambda a: a.astype(float), drawn), targets


def trained(scale: float = 1.0) -> PairTransformer:
    model = pair_stack(TASK, KEY, initial_scale=scale)
    return jax.tree.map(lambda a: a.astype(float), model)


def test_sensitivities_are_the_jacobians(double: None) -> None:
    model, prompt = trained(2.0), jax.tree.map(lambda a: a[0], prompts()[0])
    tokens = model.tokens(prompt)
    jacobian = jax.jacobian(lambda e: e + model.copying(e, e))(tokens)
    norms = jnp.sqrt(jnp.sum(jacobian**2, axis=(1, 3)))
    np.testing.assert_allclose(sensitivities(model, prompt), norms, rtol=1e-9, atol=1e-12)


def test_parts_of_a_map() -> None:
    values = np.full((5, 5), 2.0)
    values[0, 1], values[2, 3], values[0, 0] = 7.0, 9.0, 6.0
    assert tuple(map(float, pair_parts(jnp.asarray(values)))) == (4.0, 8.0, 2.0)


def test_changed_maps_mask_and_keep_their_rows(double: None) -> None:
    model, stored = trained(), prompts()[0]
    maps = jax.vmap(model.maps)(stored)[:, 0]
    seen, mean = maps[0], maps.mean(axis=0)
    changed = {name: change(seen, mean) for name, change in changes(4).items()}
    for rows in changed.values():
        np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(changed["none"], seen)
    inputs = np.arange(0, 8, 2)
    assert not changed["no_label_to_input"][inputs, inputs + 1].any()
    assert changed["no_label_to_input"][inputs + 1, inputs].all()
    assert not changed["no_pairs"][inputs + 1, inputs].any()
    np.testing.assert_array_equal(changed["mean_of_inputs"][inputs], mean[inputs])
    np.testing.assert_array_equal(changed["mean_of_others"][inputs + 1], mean[inputs + 1])
    assert np.count_nonzero(changed["exact_pairs"][inputs]) == 8


def test_times_and_progress() -> None:
    curve = np.array([[4.0, 4.0], [3.0, 4.0], [0.0, 2.0], [0.0, 0.0]])
    share = progress(4.0 - curve)
    np.testing.assert_allclose(share[:, 0], [0, 0.25, 1, 1])
    np.testing.assert_array_equal(times(share, np.array([0, 10, 20, 30]), 0.5), [20, 20])
