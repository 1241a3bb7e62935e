"""The optimiser's schedule and directions, and gradients in chunks."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.learner import Learner
from icgd.models.attention_stack import attention_stack
from icgd.models.blocks import prompted_transformer
from icgd.tasks.linear_regression import LinearRegression
from icgd.tasks.objective_regression import ObjectiveRegression
from icgd.training.loop import CHUNK, Training, loss_and_gradient, mean_loss


def test_schedule_warms_up_and_decay_spares_both_ends() -> None:
    """One step on a zero gradient moves weights only by the decay."""
    training = Training(100, 1, 1, 0.1, warmup=0.1, weight_decay=0.5)
    optimiser = training.transformation()
    weights = jnp.ones(1)
    state, moved = optimiser.init(weights), []
    for _ in range(100):
        update, state = optimiser.update(jnp.zeros(1), state, weights)
        moved.append(-float(update[0]))
    assert max(moved[:10]) == 0
    assert max(moved) == pytest.approx(0.1 * 0.5 * 16 / 27, rel=0.02)  # 4 r²(1 − r) at r = 2/3
    assert moved[-1] < 0.01 * max(moved)


def test_a_constant_rate_stays_after_the_warm_up_and_has_no_decay() -> None:
    optimiser = Training(10, 1, 1, 0.1, schedule="constant", warmup=0.2).transformation()
    state, moved = optimiser.init(jnp.ones(1)), []
    for _ in range(10):  # Adam's step on a gradient that stays is the rate
        update, state = optimiser.update(jnp.ones(1), state, jnp.ones(1))
        moved.append(-float(update[0]))
    assert moved == pytest.approx([0.0, 0.05, *[0.1] * 8], abs=1e-6)
    with pytest.raises(ValueError, match="weight_decay goes with the schedule 'cosine'"):
        Training(10, 1, 1, 0.1, schedule="constant", weight_decay=0.1)


def test_muon_turns_the_layers_matrices_alone() -> None:
    """A first update has like singular values, of about Adam's size; in an embedding, like entries."""
    task = ObjectiveRegression(dimension=3, context_length=4)
    weights = eqx.filter(prompted_transformer(task, jax.random.key(0)), eqx.is_array)
    training = Training(100, 1, 1, 0.01, optimiser="muon", clip=1e9)
    optimiser = training.transformation()
    gradient = jax.tree.map(lambda a: jax.random.normal(jax.random.key(a.size), a.shape), weights)
    update, _ = optimiser.update(gradient, optimiser.init(weights), weights)
    attention, mlp = update.blocks[0].attention, update.blocks[0].mlp
    write = jnp.moveaxis(attention.projection, 0, 1).reshape(64, 64)
    for matrix in (attention.query.reshape(64, 64), write, mlp.inner, mlp.outer):
        spread = jnp.linalg.svd(-matrix, compute_uv=False) / (0.01 * 0.2 * max(matrix.shape) ** 0.5)
        assert 0.6 < jnp.quantile(spread, 0.05) < spread.max() < 1.3
    assert jnp.sum(mlp.inner * gradient.blocks[0].mlp.inner) < 0
    size = jnp.abs(update.embedding[0, 0])
    np.testing.assert_allclose(update.embedding, -size * jnp.sign(gradient.embedding), rtol=1e-3)


def test_gradient_in_chunks_is_that_of_the_batch() -> None:
    task = LinearRegression(dimension=3, context_length=4)
    learner = attention_stack(task, jax.random.key(0), layers=2, initial_scale=0.5)
    training = Training(1, 3 * CHUNK, 1, 0.1)
    key = jax.random.key(1)
    loss, gradient = loss_and_gradient(learner, task, key, training)

    def batch_loss(learner: Learner) -> jax.Array:
        keys = [jax.random.split(k, CHUNK) for k in jax.random.split(key, 3)]
        return jnp.mean(jnp.stack([mean_loss(learner, task, *jax.vmap(task.sample)(k)) for k in keys]))

    assert float(loss) == pytest.approx(float(batch_loss(learner)), rel=1e-6)
    for ours, whole in zip(*map(jax.tree.leaves, (gradient, jax.grad(batch_loss)(learner))), strict=True):
        np.testing.assert_allclose(ours, whole, rtol=1e-4, atol=1e-7)
