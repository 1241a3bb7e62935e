"""Kernel smoothers against a loop over examples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms import smoothers
from icgd.prompt import Prompt
from tests.algorithms.conftest import KEY, TASK
from tests.prompts import random_prompt


@pytest.mark.parametrize("mirrored", [False, True])
def test_kernel_smoother_matches_a_loop_and_is_fitted(
    prompts: tuple[Prompt, jax.Array], mirrored: bool
) -> None:
    prompt = random_prompt(7, 6, 3, 2)
    weights = np.array([np.exp(1.5 * float(x @ prompt.query)) for x in prompt.x])
    average = sum(w * np.asarray(y) for w, y in zip(weights / weights.sum(), prompt.y, strict=True))
    smoother = smoothers.KernelSmoother(jnp.asarray(1.5), jnp.asarray(2.0))
    np.testing.assert_allclose(smoother(prompt), 2.0 * average, rtol=1e-10)
    fitted = smoothers.kernel_smoother(TASK, KEY, mirrored=mirrored).fitted(*prompts)
    assert (float(fitted.inverse_temperature) < 0) == (float(fitted.scale) < 0) == mirrored

    def loss(temperature: jax.Array, scale: jax.Array) -> jax.Array:
        guess = jax.vmap(smoothers.KernelSmoother(temperature, scale))(prompts[0])
        return jnp.mean((guess - prompts[1]) ** 2)

    slopes = jax.grad(loss, argnums=(0, 1))(fitted.inverse_temperature, fitted.scale)
    assert max(abs(float(slopes[0] * fitted.inverse_temperature)), abs(float(slopes[1]))) < 1e-5
