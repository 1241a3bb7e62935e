"""Laws of token sequences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icgd.algorithms.counting import followers
from icgd.tasks.token_sequences import MarkovChains, TiledSegments

KEY = jax.random.key(3)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 999), period=st.sampled_from([0, 3, 20]))
def test_segments_repeat(seed: int, period: int) -> None:
    task = TiledSegments(vocabulary=7, length=30, shortest=4, longest=9, period=period)
    prompt, target = task.sample(jax.random.key(seed))
    tokens = np.append(np.asarray(prompt.tokens), target[-1])
    np.testing.assert_array_equal(target, tokens[1:])
    assert tokens.min() >= 0 and tokens.max() < 7
    repeats = [p for p in ([period] if period else range(4, 10)) if np.array_equal(tokens[p:], tokens[:-p])]
    assert repeats


def test_the_period_condition_leaves_the_segment_as_it_is() -> None:
    usual, fixed = (TiledSegments(period=p).sample(KEY)[0].tokens[:4] for p in (0, 16))
    np.testing.assert_array_equal(usual, fixed)


def test_chains_use_few_tokens_with_few_followers() -> None:
    task = MarkovChains(vocabulary=20, length=400, states=4, concentration=0.05)
    prompt, target = task.sample(KEY)
    assert len(set(np.asarray(prompt.tokens).tolist())) <= 4
    counts = np.asarray(followers(jnp.append(prompt.tokens, target[-1]), 20))[-50:]
    assert (counts.max(axis=1) / counts.sum(axis=1)).mean() > 0.7


def test_impossible_tasks() -> None:
    with pytest.raises(ValueError, match="shortest ≤ longest"):
        TiledSegments(shortest=9, longest=8)
    with pytest.raises(ValueError, match="only 3 tokens"):
        MarkovChains(vocabulary=3, states=4)
