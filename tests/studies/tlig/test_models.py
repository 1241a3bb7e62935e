"""The source's models and tasks against loops in NumPy and against what its code is known to do."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.constructions.descent_layers import looped_descent
from icgd.models.residual_stack import bounded_stack
from icgd.prompt import Prompt
from icgd.studies.tlig.clipped_descent import clipped_descent
from icgd.studies.tlig.finite_regression import FiniteRegression
from icgd.studies.tlig.scaled_mixture import ScaledMixture
from icgd.studies.tlig.shared_slots import SharedSlots, raw_tokens, sensitivities, shared_slots
from icgd.studies.tlig.source_models import source_residual, source_stack
from icgd.studies.tlig.source_waves import WaveLayer, wave_attention, wave_descent
from icgd.tasks.linear_regression import LinearRegression
from icgd.tasks.sine_waves import SineWaves
from tests.prompts import drawn_from

KEY = jax.random.key(0)
SMALL = LinearRegression(dimension=3, context_length=4)


def in_double(tree: Any) -> Any:
    return jax.tree.map(lambda a: jnp.asarray(a, float), tree)


def test_matrices_are_truncated_normals_of_the_sources_variance() -> None:
    model = source_stack(LinearRegression(dimension=59), KEY, layers=2, repeats=3, heads=2)
    for name, inputs in (("key", 60), ("query", 60), ("value", 60), ("projection", 120)):
        entries = np.asarray(getattr(model.layers[1], name))
        deviation = math.sqrt(0.002 / (6 * inputs))
        assert entries.std() == pytest.approx(deviation, rel=0.03)
        assert np.abs(entries).max() < 2.28 * deviation


def test_a_single_layer_has_its_norm_before_it_and_two_between() -> None:
    single, double = (source_residual(SMALL, KEY, layers=k, normalised=True) for k in (1, 2))
    assert [layer.norm is not None for layer in single.layers] == [True]
    assert [layer.norm is not None for layer in double.layers] == [False, True]
    deep = source_residual(SMALL, KEY, layers=2, heads=4, mlp=True, bound=10.0)
    assert deep.bound == 10
    assert [layer.attention.key.shape[0] for layer in deep.layers] == [4, 4]
    assert deep.layers[0].mlp is not None
    assert deep.layers[0].mlp.inner.shape == (16, 4)


def slots(prompt: Prompt, model: SharedSlots, raw: np.ndarray) -> np.ndarray:
    """The tokens after the first layer, by loops."""
    angles = np.arange(len(raw))[:, None] * 10_000.0 ** (-2 * np.arange(5) / 10)
    codes = np.zeros((len(raw), 10))
    codes[:, 0::2], codes[:, 1::2] = np.sin(angles), np.cos(angles)
    tokens = np.concatenate([raw, codes], axis=1)
    layer = model.copying
    key, query, value, projection = (
        np.asarray(matrix)[0] for matrix in (layer.key, layer.query, layer.value, layer.projection)
    )
    moved = []
    for token in tokens:
        logits = np.array([(key @ o) @ (query @ token) for o in tokens[:-1]]) / math.sqrt(tokens.shape[1])
        weights = np.exp(logits) / np.exp(logits).sum()
        moved.append(token + projection @ value @ (weights @ tokens[:-1]))
    return np.array(moved)


def slot_model() -> tuple[SharedSlots, Prompt]:
    prompt, _ = SMALL.sample(KEY)
    return in_double(shared_slots(SMALL, KEY, scale=3.0)), in_double(prompt)


def test_separate_tokens_share_their_slots_and_the_query_is_not_read(double: None) -> None:
    model, prompt = slot_model()
    raw = np.asarray(raw_tokens(prompt))
    np.testing.assert_array_equal(raw[0::2], np.concatenate([prompt.x, prompt.query[None]]))
    np.testing.assert_array_equal(raw[1::2, -1:], prompt.y)
    assert not raw[1::2, :-1].any()
    tokens = slots(prompt, model, raw)
    np.testing.assert_allclose(model.copied(jnp.asarray(raw)), tokens, rtol=1e-10)
    bilinear, write = (np.asarray(matrix)[0] for matrix in model.step.products())
    read = tokens[:-1].T @ (tokens[:-1] @ bilinear @ tokens[-1])
    np.testing.assert_allclose(model(prompt)[0], -(tokens[-1] + write @ read)[-1], rtol=1e-9)


def test_an_untrained_model_of_separate_tokens_predicts_minus_one() -> None:
    task = LinearRegression()
    prompts, _ = drawn_from(task, KEY, 5)
    found = jax.vmap(shared_slots(task, KEY))(prompts)
    assert found.min() >= -1.01
    assert found.max() <= -0.99


def test_sensitivities_are_slopes_of_the_sum_of_a_tokens_entries(double: None) -> None:
    model, prompt = slot_model()
    raw = np.asarray(raw_tokens(prompt))
    found = np.asarray(sensitivities(model, jnp.asarray(raw)))
    assert found.shape == (7, 9, 3)
    for k, s, d in ((0, 0, 1), (2, 3, 2), (5, 1, 0), (6, 8, 2)):
        moved = raw.copy()
        moved[s, d] += 1e-6
        slope = (slots(prompt, model, moved)[k].sum() - slots(prompt, model, raw)[k].sum()) / 1e-6
        assert found[k, s, d] == pytest.approx(slope, abs=1e-5)


def features(model: WaveLayer, token: np.ndarray) -> np.ndarray:
    embedded = np.asarray(model.embedding) @ token
    hidden = np.asarray(model.mlp.inner) @ embedded
    gelu = 0.5 * hidden * (1 + np.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
    found: np.ndarray = embedded + np.asarray(model.mlp.outer) @ gelu
    return found


@pytest.mark.parametrize("build", [wave_attention, wave_descent])
def test_waves_take_a_step_on_features_of_input_and_label(
    double: None, build: Callable[..., WaveLayer]
) -> None:
    task = SineWaves(context_length=4)
    model = in_double(build(task, KEY, scale=20.0))
    prompt = in_double(task.sample(KEY)[0])
    context = [features(model, np.array([x, y])) for x, y in zip(prompt.x[:, 0], prompt.y[:, 0], strict=True)]
    query = features(model, np.array([float(prompt.query[0]), 0.0]))
    if model.attention is None:
        moved = -0.1 / 4 * sum(o[-1] * (o[:-1] @ query[:-1]) for o in context)
    else:
        bilinear, write = (np.asarray(matrix)[0] for matrix in model.attention.products())
        moved = (write @ sum(o * (o @ bilinear @ query) for o in context))[-1]
    np.testing.assert_allclose(model.trajectory(prompt)[:, 0], [-query[-1], -query[-1] - moved], rtol=1e-8)


def test_a_finite_law_has_so_many_prompts() -> None:
    keys = jax.random.split(KEY, 40)
    prompts, _ = jax.vmap(FiniteRegression(dimension=2, context_length=2, distinct=3).sample)(keys)
    assert len(np.unique(np.asarray(prompts.query), axis=0)) == 3
    fresh, _ = FiniteRegression(dimension=2, context_length=2).sample(KEY)
    same, _ = LinearRegression(dimension=2, context_length=2).sample(KEY)
    np.testing.assert_array_equal(fresh.x, same.x)


def test_the_mixture_is_scaled_by_the_frobenius_norm_and_a_third_of_it_is_not_centred() -> None:
    task = ScaledMixture(input_scale=3.0, weight_scale=2.0)
    prompts, targets = drawn_from(task, KEY, 3000)
    x, y = np.asarray(prompts.x), np.asarray(prompts.y)
    np.testing.assert_allclose(np.linalg.norm(x, axis=(1, 2)), 3.0, rtol=1e-5)
    assert (x >= 0).all(axis=(1, 2)).mean() == pytest.approx(1 / 3, abs=0.03)
    weights = np.linalg.solve(x[:5], y[:5])
    np.testing.assert_allclose(np.einsum("pdm,pd->pm", weights, prompts.query[:5]), targets[:5], atol=0.02)
    assert np.asarray(targets).var() == pytest.approx(4 * 9 / 10, rel=0.2)  # s² α²/N


def test_clipped_descent_is_fitted_with_its_bound(double: None) -> None:
    task = LinearRegression(dimension=2, context_length=3)
    prompts, targets = drawn_from(task, KEY, 64)
    rough = clipped_descent(task, KEY, steps=3, bound=0.5, evaluations=1)
    ends = []
    for descent in (rough, dataclasses.replace(rough, evaluations=30)):
        fitted = descent.fitted(prompts, targets)
        assert len(set(fitted.learning_rates.tolist())) == len(set(fitted.shrinkages.tolist())) == 1
        moved = jax.vmap(bounded_stack(looped_descent(fitted, (2, 1)), 0.5))(in_double(prompts))
        ends.append(float(jnp.mean((moved - targets) ** 2)))
    assert ends[1] < 0.9 * ends[0]
