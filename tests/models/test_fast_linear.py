"""Predictions of whole batches against those of one prompt at a time."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.models.attention_stack import Transformer
from icgd.models.fast_linear import predictions
from icgd.prompt import Prompt
from tests.models.test_attention_stack import KEY, VARIANTS, random_model
from tests.prompts import answers_of, drawn_from


@pytest.mark.parametrize("options", VARIANTS)
def test_batched_predictions_are_the_transformers(double: None, options: dict[str, Any]) -> None:
    model, task = random_model(options)
    prompts, _ = drawn_from(task, KEY, 7)
    prompts = jax.tree.map(lambda a: a.astype(float), prompts)
    np.testing.assert_allclose(
        predictions(model, prompts), answers_of(model, prompts), rtol=1e-10, atol=1e-13
    )


@pytest.mark.parametrize("options", [o for o in VARIANTS if o.get("kernel") != "softmax"])
def test_batched_gradients_are_the_transformers(double: None, options: dict[str, Any]) -> None:
    model, task = random_model(options)
    prompts, targets = drawn_from(task, KEY, 7)
    prompts = jax.tree.map(lambda a: a.astype(float), prompts)

    def loss(model: Transformer, fast: bool) -> jax.Array:
        found = predictions(model, prompts) if fast else answers_of(model, prompts)
        return jnp.mean((found - targets) ** 2)

    ours, theirs = (jax.grad(loss)(model, fast) for fast in (True, False))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-12)


def test_clipping_is_inactive_on_moderate_prompts_and_bounds_the_others(double: None) -> None:
    model, task = random_model({"layers": 3})
    prompts, _ = drawn_from(task, KEY, 7)
    prompts = jax.tree.map(lambda a: a.astype(float), prompts)
    np.testing.assert_allclose(predictions(model, prompts, bound=1e3), answers_of(model, prompts), rtol=1e-10)
    wild = Prompt(1e3 * prompts.x, prompts.y, 1e3 * prompts.query)
    assert np.abs(answers_of(model, wild)).max() > 1e20
    assert np.abs(predictions(model, wild, bound=10.0)).max() <= 10


def test_clipping_is_refused_where_it_has_no_form(double: None) -> None:
    model, task = random_model({"kernel": "softmax"})
    prompts, _ = drawn_from(task, KEY, 2)
    with pytest.raises(ValueError, match="activation_clip is for stacks of linear attention"):
        predictions(model, prompts, bound=1.0)
