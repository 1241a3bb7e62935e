"""The task of three objectives: its noise, and confounds of the objective."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from icgd.objectives.dial import OBJECTIVES
from icgd.tasks.objective_regression import FAMILIES, SCALES, unit_noise
from tests.objectives.test_dial import KEY, TASK, prompts


def test_noise_has_variance_one_and_the_families_shapes(double: None) -> None:
    noise = unit_noise(KEY, 200_000)
    np.testing.assert_allclose(jnp.var(noise, axis=1), 1, rtol=0.03)
    outliers, _, arcsine = noise
    assert float(jnp.mean(outliers == 0)) == pytest.approx(0.8, abs=0.01)
    assert float(jnp.abs(arcsine).max()) <= np.sqrt(2) + 1e-6


def test_confounds_tie_noise_and_scale_to_the_objective(double: None) -> None:
    for index, family in enumerate(FAMILIES):
        asked = dataclasses.replace(TASK, objective=OBJECTIVES[index])
        tied = dataclasses.replace(asked, confound="noise")
        np.testing.assert_array_equal(
            prompts(4, tied).y, prompts(4, dataclasses.replace(asked, noise=family)).y
        )
        scaled = dataclasses.replace(asked, confound="scale")
        np.testing.assert_allclose(prompts(4, scaled).y, SCALES[index] * prompts(4, asked).y, rtol=1e-6)
    free = dataclasses.replace(TASK, confound="noise", objective="l2", untied=1.0)
    np.testing.assert_array_equal(prompts(4, free).y, prompts(4, dataclasses.replace(TASK, objective="l2")).y)
