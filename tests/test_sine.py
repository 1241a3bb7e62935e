"""Sine waves: the laws, features, and the closed forms of the best layer and the best step."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.best_kernels import best_layer, best_step
from icgd.models.feature_models import (
    OnFeatures,
    feature_transformer,
    meta_learned,
    random_features,
    step_on_inputs,
)
from icgd.prompt import Prompt
from icgd.studies.sine.measure_functions import before
from icgd.tasks.sine_waves import SineWaves
from icgd.theory import sine as waves

KEY = jax.random.key(0)


def in_double(model: OnFeatures) -> OnFeatures:
    return jax.tree.map(lambda a: a.astype(float), model)


def drawn(task: SineWaves, count: int) -> tuple[Prompt, jax.Array]:
    prompts, targets = jax.jit(jax.vmap(task.sample))(jax.random.split(KEY, count))
    return jax.tree.map(lambda a: a.astype(float), prompts), targets.astype(float)


@pytest.mark.parametrize("dependent", [False, True])
def test_amplitude_and_phase_are_independent_unless_asked(double: None, dependent: bool) -> None:
    task = SineWaves(dependent=dependent)
    first, second = jax.random.uniform(KEY, (2, 20_000))
    amplitude, phase = task.wave(first, second)
    assert float(amplitude.min()) >= 0.1
    assert float(amplitude.max()) <= 0.5
    assert 0 <= float(phase.min()) < float(phase.max()) <= np.pi
    correlation = float(jnp.corrcoef(amplitude, phase)[0, 1])
    assert correlation == pytest.approx(1.0 if dependent else 0.0, abs=0.03)


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


def test_heads_see_features_and_start_from_their_weights(double: None) -> None:
    task = SineWaves()
    prompts, _ = drawn(task, 3)
    prompt = jax.tree.map(lambda a: a[0], prompts)
    start = jax.random.normal(KEY, (1, 40), float)
    model, meta = in_double(feature_transformer(task, KEY)), in_double(meta_learned(task, KEY, rate=1e-9))
    model = eqx.tree_at(lambda m: m.head.initial_weights, model, start)
    meta = eqx.tree_at(lambda m: m.head.start, meta, start)
    for learner in (model, meta):
        features = learner.features(prompt.query)
        assert features.shape == (40,)
        np.testing.assert_allclose(before(learner, prompt), start @ features, rtol=1e-6)
    np.testing.assert_allclose(meta(prompt), start @ features, rtol=1e-4)


def test_meta_learned_network_takes_a_step_on_its_features(double: None) -> None:
    task = SineWaves()
    prompt = jax.tree.map(lambda a: a[0], drawn(task, 1)[0])
    model = in_double(meta_learned(task, KEY, rate=0.3))
    phi, query = model.features(prompt.x), model.features(prompt.query)
    expected = 0.3 / 10 * (prompt.y.T @ phi) @ query
    np.testing.assert_allclose(model(prompt), expected, rtol=1e-6)


def test_free_numbers_are_fitted(double: None) -> None:
    task = SineWaves()
    prompts, targets = drawn(task, 2000)

    @eqx.filter_jit
    def loss(model: OnFeatures) -> jax.Array:
        return jnp.mean((jax.vmap(model)(prompts) - targets) ** 2)

    step = step_on_inputs(task, KEY).fitted(prompts, targets)
    for factor in (0.9, 1.1):
        other = eqx.tree_at(lambda m: m.head.learning_rates, step, replace_fn=lambda rate: factor * rate)  # noqa: B023
        assert loss(step) < loss(other)
    ridge = random_features(task, KEY)
    assert loss(ridge.fitted(prompts, targets)) < loss(ridge)
