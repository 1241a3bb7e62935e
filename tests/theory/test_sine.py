"""Closed forms of the best layer and the best step on sine waves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.best_kernels import best_layer, best_step
from icgd.prompt import Prompt
from icgd.tasks.sine_waves import SineWaves
from icgd.theory import sine as waves

KEY = jax.random.key(0)


def drawn(task: SineWaves, count: int) -> tuple[Prompt, jax.Array]:
    prompts, targets = jax.jit(jax.vmap(task.sample))(jax.random.split(KEY, count))
    return jax.tree.map(lambda a: a.astype(float), prompts), targets.astype(float)


@pytest.mark.parametrize("dependent", [False, True])
def test_closed_forms_are_the_losses_of_their_learners(double: None, dependent: bool) -> None:
    task = SineWaves(dependent=dependent)
    law = waves.law(task)
    found = waves.operators(law, law.mean)
    prompts, targets = drawn(task, 100_000)
    kernels = {best_layer: waves.layer_kernel(found), best_step: waves.step_kernel(found)}
    for make, kernel in kernels.items():
        prediction = jax.jit(jax.vmap(make(task, KEY)))(prompts)
        loss = 0.5 * float(jnp.mean((prediction - targets) ** 2))
        assert loss == pytest.approx(found.loss(kernel), rel=0.03)


def test_no_other_kernel_is_better(double: None) -> None:
    law = waves.law(SineWaves())
    found = waves.operators(law, law.mean)
    layer, step = waves.layer_kernel(found), waves.step_kernel(found)
    generator = np.random.default_rng(0)
    assert found.loss(layer) < found.loss(step)
    for _ in range(5):
        change = generator.normal(size=layer.shape) * np.abs(layer)
        assert found.loss(layer + 1e-2 * change) > found.loss(layer)
        symmetric = change + change.T
        assert found.loss(step + 1e-2 * symmetric) > found.loss(step)
    np.testing.assert_allclose(step, step.T, atol=1e-9)
    assert np.linalg.eigvalsh((step + step.T) / 2).min() > -1e-9
