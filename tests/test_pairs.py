"""Regression prompts as alternating tokens: the constructed induction head, and what is measured on it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.descent import GradientDescent, normalised_step
from icgd.models.pair_stack import PairTransformer, induction_head, pair_stack, tokenised
from icgd.prompt import Prompt
from icgd.studies.pairs.measure_example_weights import _sums
from icgd.studies.pairs.measure_pair_circuit import changes
from icgd.studies.pairs.measure_pair_formation import pair_parts, progress, sensitivities, times
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import normalised_step_loss, optimal_learning_rate

TASK = LinearRegression(dimension=3, context_length=4)
KEY = jax.random.key(0)


def prompts(count: int = 6) -> tuple[Prompt, jax.Array]:
    drawn, targets = jax.vmap(TASK.sample)(jax.random.split(KEY, count))
    return jax.tree.map(lambda a: a.astype(float), drawn), targets


def trained(scale: float = 1.0) -> PairTransformer:
    model = pair_stack(TASK, KEY, initial_scale=scale)
    return jax.tree.map(lambda a: a.astype(float), model)


def test_tokens_alternate_and_share_no_slot(double: None) -> None:
    prompt = jax.tree.map(lambda a: a[0], prompts()[0])
    tokens = tokenised(prompt, 4)
    np.testing.assert_array_equal(tokens[0::2, :3], jnp.concatenate([prompt.x, prompt.query[None]]))
    np.testing.assert_array_equal(tokens[1::2, 3:4], prompt.y)
    assert not tokens[0::2, 3].any()
    assert not tokens[1::2, :3].any()
    assert len({tuple(code) for code in np.asarray(tokens[:, 4:])}) == len(tokens)


@pytest.mark.parametrize(("sharpness", "tolerance"), [(100.0, 1e-13), (20.0, 1e-3)])
def test_induction_head_takes_a_gradient_step(double: None, sharpness: float, tolerance: float) -> None:
    stored, _ = prompts()
    step = jax.vmap(GradientDescent(jnp.array([optimal_learning_rate(TASK)])))(stored)
    ours = jax.vmap(induction_head(TASK, KEY, sharpness=sharpness))(stored)
    np.testing.assert_allclose(ours, step, atol=tolerance)
    assert sharpness > 50 or float(jnp.abs(ours - step).max()) > 1e-8


def test_odd_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="codes is 3"):
        pair_stack(TASK, KEY, codes=3)


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


def test_loss_of_the_normalised_step_is_the_closed_form(double: None) -> None:
    task = LinearRegression(dimension=5, context_length=8, inputs="normal")
    stored, targets = jax.vmap(task.sample)(jax.random.split(KEY, 200_000))
    found = jax.vmap(normalised_step(task, KEY))(stored)
    loss = 0.5 * float(jnp.mean((found - targets) ** 2))
    assert loss == pytest.approx(normalised_step_loss(task), rel=0.02)


def test_normalised_step_is_refused_where_it_has_no_formula() -> None:
    with pytest.raises(ValueError, match="symmetric inputs"):
        normalised_step(LinearRegression(inputs="exponential"), KEY)


def test_example_weights_of_steps(double: None) -> None:
    stored, _ = prompts(2000)
    edges = jnp.array([0.10, 0.11, 0.20, 0.21])
    stack = jax.tree.map(lambda a: jnp.asarray(a)[None], normalised_step(TASK, KEY))
    slopes, squares = _sums(stack, stored, edges)[0]
    assert float((slopes[0] / squares[0]) / (slopes[2] / squares[2])) == pytest.approx(
        0.205 / 0.105, rel=0.02
    )
    plain = jax.tree.map(lambda a: a[None], GradientDescent(jnp.ones(1)))
    slopes, squares = _sums(plain, stored, edges)[0]
    np.testing.assert_allclose(slopes / squares, 0.25, rtol=1e-9)
