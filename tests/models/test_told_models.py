"""Models that are told their objective read it; queries are read by none."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.models.blocks import PromptedTransformer, prompted_transformer
from icgd.models.conditioned_stack import conditioned_stack
from icgd.prompt import Prompt, Queried
from icgd.studies.retargeting.knobs import asking
from tests.objectives.test_dial import KEY, TASK, prompts


def test_models_read_the_objective(double: None) -> None:
    stored = prompts(4)
    for model in (prompted_transformer(TASK, KEY, width=16, heads=2, hidden=8), conditioned_stack(TASK, KEY)):
        ours = jax.tree.map(lambda a: a.astype(float) + 0.1, model)
        one, other = (jax.vmap(ours)(asking(stored, name)) for name in ("l1", "l2"))
        assert one.shape == (4, 1)
        assert float(jnp.abs(one - other).min()) > 0


def grown(weighs: bool = False, paired: bool = False) -> tuple[PromptedTransformer, Prompt]:
    """A small model with a readout, in float64, and prompts."""
    model = prompted_transformer(
        TASK, KEY, width=16, heads=2, hidden=8, layers=2, weighs=weighs, paired=paired
    )
    return jax.tree.map(lambda a: a.astype(float) + 0.1, model), prompts(3)


@pytest.mark.parametrize("weighs", [False, True])
def test_several_queries_are_answered_as_if_alone(double: None, weighs: bool) -> None:
    model, stored = grown(weighs=weighs)
    one = jax.tree.map(lambda a: a[0], stored)
    queries = stored.query
    both = model.trajectory(Queried(**(vars(one) | {"query": queries})))
    alone = [model.trajectory(dataclasses.replace(one, query=query)) for query in queries]
    np.testing.assert_allclose(both, jnp.stack(alone, axis=1), rtol=1e-9, atol=1e-12)


def test_weights_are_those_of_a_linear_predictor(double: None) -> None:
    model, stored = grown(weighs=True)
    one = jax.tree.map(lambda a: a[0], stored)
    np.testing.assert_allclose(model(one), [model.weights(one)[-1] @ one.query], rtol=1e-12)
    np.testing.assert_allclose(
        model(dataclasses.replace(one, query=2 * one.query)), 2 * model(one), rtol=1e-12
    )


def test_pairs_are_a_set(double: None) -> None:
    model, stored = grown(weighs=True, paired=True)
    pairs = jax.random.normal(KEY, (5, 2), float)
    one = jax.tree.map(lambda a: a[0], stored)
    told, turned, other = (
        model(dataclasses.replace(one, objective=p.reshape(-1))) for p in (pairs, pairs[::-1], -pairs)
    )
    np.testing.assert_allclose(told, turned, rtol=1e-9)
    assert float(jnp.abs(told - other).max()) > 1e-3


def test_heads_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="heads is 3, which does not divide the width 64"):
        prompted_transformer(TASK, KEY, heads=3)
