"""Regression prompts as alternating tokens, and the constructed induction head."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.descent import GradientDescent
from icgd.models.pair_stack import induction_head, pair_stack, tokenised
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate
from tests.prompts import drawn_from

TASK = LinearRegression(dimension=3, context_length=4)
KEY = jax.random.key(0)


def prompts(count: int = 6) -> tuple[Prompt, jax.Array]:
    drawn, targets = drawn_from(TASK, KEY, count)
    return jax.tree.map(lambda a: a.astype(float), drawn), targets


def test_tokens_alternate_and_share_no_slot(double: None) -> None:
    prompt = jax.tree.map(lambda a: a[0], prompts()[0])
    tokens = tokenised(prompt, 4)
    np.testing.assert_array_equal(tokens[0::2, :3], jnp.concatenate([prompt.x, prompt.query[None]]))
    np.testing.assert_array_equal(tokens[1::2, 3:4], prompt.y)
    assert not tokens[0::2, 3].any()
    assert not tokens[1::2, :3].any()
    assert len({tuple(code) for code in np.asarray(tokens[:, 4:])}) == len(tokens)


@pytest.mark.parametrize(("sharpness", "tolerance"), [(100.0, 1e-13), (20.0, 1e-3)])
def test_induction_head_takes_a_gradient_step(double: None, sharpness: float, tolerance: float) -> None:
    stored, _ = prompts()
    step = jax.vmap(GradientDescent(jnp.array([optimal_learning_rate(TASK)])))(stored)
    ours = jax.vmap(induction_head(TASK, KEY, sharpness=sharpness))(stored)
    np.testing.assert_allclose(ours, step, atol=tolerance)
    assert sharpness > 50 or float(jnp.abs(ours - step).max()) > 1e-8


def test_odd_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="codes is 3"):
        pair_stack(TASK, KEY, codes=3)
