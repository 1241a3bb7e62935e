"""Constructed causal layers against the steps that they take, and the steps read off weights."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.online_descent import OnlineDescent
from icgd.constructions.causal_layers import Steps, causal_layers, steps_of
from icgd.constructions.gauge import gauged
from tests.prompts import random_prompt

RATES, SHRINKAGES = jnp.array([0.3, 0.8, 0.1]), jnp.array([0.2, 0.05, 0.4])
STEPS = Steps(RATES, SHRINKAGES, jnp.array([0.05, -0.1, 0.0]))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("shrinkages", [SHRINKAGES, 0 * SHRINKAGES])
def test_layers_are_steps_in_causal_order(double: None, strict: bool, shrinkages: jnp.ndarray) -> None:
    prompt = random_prompt(0, 6, 3, 2)
    layers = causal_layers(Steps(RATES, shrinkages, 0 * RATES), 3, 2, strict)
    steps = OnlineDescent(RATES, shrinkages, strict)
    np.testing.assert_allclose(layers.trajectory(prompt), steps.trajectory(prompt), rtol=1e-12, atol=1e-13)


def test_steps_are_read_off_weights_in_any_gauge(double: None) -> None:
    model = causal_layers(STEPS, 3, 2)
    layers = tuple(
        dataclasses.replace(layer, key=-5.0 * layer.key, value=layer.value / 2) for layer in model.layers
    )
    found = eqx.tree_at(lambda m: m.layers, model, layers)
    steps = steps_of(found, 3)
    np.testing.assert_allclose(steps.rates, -2.5 * RATES)
    np.testing.assert_allclose(steps.shrinkages, -2.5 * SHRINKAGES)
    np.testing.assert_allclose(steps.label_weights, STEPS.label_weights, atol=1e-12)
    bilinear, _ = gauged(found.layers[0], 3)
    np.testing.assert_allclose(np.diag(bilinear[0]), [1, 1, 1, 0.05, 0.05], atol=1e-12)


def test_labels_weigh_in_where_they_are_asked_to(double: None) -> None:
    prompt = random_prompt(1, 3, 2, 1)
    rate, weight = jnp.array([0.3, 0.5]), jnp.array([0.2, 0.4])
    found = causal_layers(Steps(rate, 0 * rate, weight), 2, 1)(prompt)
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)
    inputs, residual = np.vstack([x, prompt.query]), y.copy()
    for j in range(3):
        seen = x[: j + 1] @ x[j] + 0.2 * y[: j + 1, 0] * y[j, 0]
        residual[j] -= 0.3 * seen @ y[: j + 1]
    for n in range(1, 4):
        asked = x[:n] @ inputs[n]
        first = 0.3 * asked @ y[:n]
        second = 0.5 * (asked - 0.4 * residual[:n, 0] * first) @ residual[:n]
        np.testing.assert_allclose(found[n - 1], first + second, rtol=1e-10)


def test_a_looped_layer_takes_its_step_twice(double: None) -> None:
    once = causal_layers(Steps(*(number[:1] for number in STEPS)), 2, 1)
    looped = dataclasses.replace(once, repeats=2)
    np.testing.assert_allclose(steps_of(looped, 2).rates, [0.3, 0.3])


def test_softmax_weights_have_no_gauge() -> None:
    layer = dataclasses.replace(causal_layers(STEPS, 2, 1).layers[0], kernel="softmax")
    for found, plain in zip(gauged(layer, 2), layer.products(), strict=True):
        np.testing.assert_array_equal(found, plain)
