"""Language models: causal, sums of what their heads write, and weights that take the step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icgd.algorithms.counting import followers
from icgd.models.language_model import LanguageModel, constructed_induction, language_model
from icgd.prompt import TokenPrompt
from icgd.tasks.token_sequences import TiledSegments

KEY = jax.random.key(3)
SMALL = TiledSegments(vocabulary=5, length=12, shortest=2, longest=6)


def untrained(kernels: list[str]) -> LanguageModel:
    return language_model(SMALL, KEY, kernels=kernels, width=8)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=12))
def test_constructed_heads_take_the_step(tokens: list[int]) -> None:
    prompt = TokenPrompt(jnp.array(tokens))
    found = constructed_induction(SMALL, KEY)(prompt)
    np.testing.assert_allclose(found, followers(prompt.tokens, 5), atol=1e-5)


@pytest.mark.parametrize("kernels", [["softmax"], ["softmax", "softmax"], ["softmax", "linear"]])
def test_models_do_not_see_the_future(kernels: list[str]) -> None:
    model, prompt = untrained(kernels), SMALL.sample(KEY)[0]
    changed = TokenPrompt(prompt.tokens.at[7:].set(0))
    np.testing.assert_allclose(model(prompt)[:7], model(changed)[:7], atol=1e-6)


@pytest.mark.parametrize("second", ["softmax", "linear"])
def test_logits_are_the_sum_of_contributions(second: str) -> None:
    model, prompt = untrained(["softmax", second]), SMALL.sample(KEY)[0]
    trace = model.trace(prompt)
    direct = model.embedding[prompt.tokens] @ model.unembedding.T
    np.testing.assert_allclose(trace.logits[-1], direct + trace.contributions.sum(axis=0), atol=1e-5)
    if second == "linear":  # starts near a mean over the tokens so far
        assert abs(float(trace.maps[1].sum(axis=1).mean()) - 1) < 0.5
