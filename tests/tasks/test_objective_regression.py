"""The task of three objectives: its noise, and confounds of the objective."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from icgd.objectives.dial import OBJECTIVES, descend
from icgd.prompt import Queried
from icgd.spec.config import load
from icgd.tasks.objective_regression import (
    FAMILIES,
    SCALES,
    ObjectiveRegression,
    unit_noise,
    values_of,
)
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


def test_values_by_hand() -> None:
    np.testing.assert_allclose(values_of(jnp.array([1.0, -2.0, 0.0])), [1, 5 / 3, 2])


def test_steps_have_decaying_rates() -> None:
    dial = ObjectiveRegression(steps=3, l1_rate=2.0, l1_decay=0.5).dial("l1")
    np.testing.assert_allclose(dial.rate, [2, 1, 0.5])
    np.testing.assert_allclose(dial.temperature, 0.2, rtol=1e-6)


def test_several_queries_have_the_answers_of_one() -> None:
    one, several = (dataclasses.replace(TASK, queries=count) for count in (1, 4))
    prompt, target = several.sample(KEY)
    assert isinstance(prompt, Queried)
    assert prompt.query.shape == (4, 3)
    assert target.shape == (4, 1)
    assert float(several.loss(target + 1, target)) == 0.5
    single, answer = one.sample(KEY)
    assert single.query.shape == (3,)
    assert answer.shape == (1,)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_objective_itself_is_the_loss_at_the_examples(objective: Any) -> None:
    task = dataclasses.replace(TASK, target="objective", objective=objective)
    prompt, target = task.sample(jax.random.key(1))
    np.testing.assert_array_equal(prompt.query, prompt.x)
    place = OBJECTIVES.index(objective)
    assert float(task.loss(jnp.zeros((6, 1)), target)) == pytest.approx(1)
    fitted = 0.5 * prompt.y + 0.1
    known = values_of((prompt.y - fitted)[:, 0])[place] / values_of(prompt.y[:, 0])[place]
    assert float(task.loss(fitted, target)) == pytest.approx(float(known), rel=1e-5)


def test_the_rates_of_the_paper_attain_no_less_than_those_they_were_tuned_from(double: None) -> None:
    """On prompts of their own: the defaults are where the search for the config's rates began."""
    tuned = dict(load([]).experiments["attained"].task.options)
    first, found = ObjectiveRegression(), ObjectiveRegression(**tuned)
    assert first.steps == found.steps
    drawn = prompts(8000, first)

    def left(task: ObjectiveRegression, name: str) -> Float[Array, " p"]:
        ends = jax.vmap(lambda x, y: descend(x, y[:, 0], task.dial(name))[-1])(drawn.x, drawn.y)
        residuals = drawn.y[..., 0] - jnp.einsum("pnd,pd->pn", drawn.x, ends)
        return values_of(residuals)[:, OBJECTIVES.index(name)]

    for name in OBJECTIVES:
        gained = np.asarray(left(first, name) - left(found, name))
        assert gained.mean() > -gained.std() / np.sqrt(len(gained)), name
