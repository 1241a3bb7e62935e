"""Learners on features: what their heads see, and the numbers that are fitted."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from icgd.models.feature_models import (
    OnFeatures,
    feature_transformer,
    meta_learned,
    random_features,
    step_on_inputs,
)
from icgd.prompt import Prompt
from icgd.studies.sine.own_features import before
from icgd.tasks.sine_waves import SineWaves
from tests.prompts import answers_of

KEY = jax.random.key(0)


def in_double(model: OnFeatures) -> OnFeatures:
    return jax.tree.map(lambda a: a.astype(float), model)


def drawn(task: SineWaves, count: int) -> tuple[Prompt, jax.Array]:
    prompts, targets = jax.jit(jax.vmap(task.sample))(jax.random.split(KEY, count))
    return jax.tree.map(lambda a: a.astype(float), prompts), targets.astype(float)


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
        return jnp.mean((answers_of(model, prompts) - targets) ** 2)

    step = step_on_inputs(task, KEY).fitted(prompts, targets)
    for factor in (0.9, 1.1):
        other = eqx.tree_at(lambda m: m.head.learning_rates, step, replace_fn=lambda rate: factor * rate)  # noqa: B023
        assert loss(step) < loss(other)
    ridge = random_features(task, KEY)
    assert loss(ridge.fitted(prompts, targets)) < loss(ridge)
