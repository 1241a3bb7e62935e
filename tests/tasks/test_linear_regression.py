"""Properties of the linear task's laws."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icgd.tasks.linear_regression import LinearRegression
from tests.prompts import drawn_from

KEY = jax.random.key(1)
LAWS = ["uniform", "normal", "exponential", "laplace", "norm_matched"]


@pytest.mark.parametrize("law", LAWS)
def test_moments_of_the_input_laws(law: str) -> None:
    task = LinearRegression(dimension=4, context_length=20, inputs=law, input_scale=1.5)  # type: ignore[arg-type]
    prompts, _ = drawn_from(task, KEY, 20_000)
    x = np.asarray(prompts.x, float).reshape(-1, 4)
    np.testing.assert_allclose(np.cov(x.T), task.input_variance * np.eye(4), atol=0.03 * task.input_variance)
    assert abs(x.mean()) < 0.01
    assert (np.linalg.norm(x, axis=1) ** 4).mean() == pytest.approx(task.fourth_moment, rel=0.05)


@settings(deadline=None, max_examples=15)
@given(n=st.integers(1, 6), d=st.integers(1, 5), m=st.integers(1, 3), seed=st.integers(0, 99))
def test_labels_are_one_linear_function(n: int, d: int, m: int, seed: int) -> None:
    task = LinearRegression(dimension=d, context_length=n, outputs=m)
    prompt, target = task.sample(jax.random.key(seed))
    assert (prompt.x.shape, prompt.y.shape, target.shape) == ((n, d), (n, m), (m,))
    x = np.vstack([prompt.x, prompt.query])
    y = np.vstack([prompt.y, target])
    fit = np.linalg.lstsq(x.astype(float), y.astype(float), rcond=None)[0]
    if n + 1 > d:
        np.testing.assert_allclose(x @ fit, y, atol=1e-4)


@settings(deadline=None, max_examples=10)
@given(scale=st.floats(0.1, 4), weight=st.floats(0.1, 4))
def test_shifts_of_scale_are_exactly_scaled(scale: float, weight: float) -> None:
    base, _ = LinearRegression().sample(KEY)
    shifted, _ = LinearRegression(input_scale=scale, weight_scale=weight).sample(KEY)
    np.testing.assert_allclose(shifted.x, scale * base.x, rtol=1e-5)
    np.testing.assert_allclose(shifted.y, scale * weight * base.y, rtol=1e-3, atol=1e-5)


def test_only_the_corrupted_labels_change() -> None:
    clean, target = LinearRegression().sample(KEY)
    corrupted, same = LinearRegression(corrupted_labels=3).sample(KEY)
    differs = np.asarray(clean.y != corrupted.y)[:, 0]
    assert differs.tolist() == [True] * 3 + [False] * 7
    assert target == same


def test_too_many_corrupted_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="corrupted_labels is 11 but a context has only 10"):
        LinearRegression(corrupted_labels=11)
