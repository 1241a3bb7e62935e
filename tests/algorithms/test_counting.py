"""Predictors that count, against loops over positions."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from icgd.algorithms.counting import EVIDENCE, Counting, followers
from icgd.analysis.attention_scores import centred
from icgd.tasks.token_sequences import MarkovChains
from tests.prompts import answers_of, drawn_from

KEY = jax.random.key(3)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=12))
def test_evidence_counts_as_a_loop_does(tokens: list[int]) -> None:
    found = {rule: np.asarray(f(jnp.array(tokens), 5)) for rule, f in EVIDENCE.items()}
    for i, current in enumerate(tokens):
        after = [tokens[j] for j in range(1, i + 1) if tokens[j - 1] == current]
        counts = np.bincount(after, minlength=5)
        np.testing.assert_allclose(found["step"][i], counts)
        np.testing.assert_allclose(found["mean_step"][i], counts / (i + 1), rtol=1e-6)
        np.testing.assert_allclose(found["frequencies"][i], counts / max(len(after), 1), rtol=1e-6)
        np.testing.assert_allclose(found["last_follower"][i], np.bincount(after[-1:], minlength=5))
        np.testing.assert_allclose(
            found["unigram"][i], np.bincount(tokens[: i + 1], minlength=5) / (i + 1), rtol=1e-6
        )


def test_a_step_on_pairs_is_the_count_for_both_losses(double: None) -> None:
    """The gradient at W = 0 over pairs (one-hot previous token, token), squared loss and cross-entropy."""
    tokens = jnp.array([0, 1, 2, 0, 1, 3, 0])
    keys, values = jnp.eye(4)[tokens[:-1]], jnp.eye(4)[tokens[1:]]

    def squared(weights: jax.Array) -> jax.Array:
        return 0.5 * jnp.sum((keys @ weights.T - values) ** 2)

    def entropy(weights: jax.Array) -> jax.Array:
        return -jnp.sum(values * jax.nn.log_softmax(keys @ weights.T))

    counts = followers(tokens, 4)[-1]
    for loss in (squared, entropy):
        logits = -jax.grad(loss)(jnp.zeros((4, 4))) @ jnp.eye(4)[tokens[-1]]
        np.testing.assert_allclose(centred(logits), centred(counts), atol=1e-12)


def test_fitted_rate_is_the_best(double: None) -> None:
    task = MarkovChains(vocabulary=6, length=20, states=4)
    prompts, targets = drawn_from(task, KEY, 64)

    def loss(model: Counting) -> float:
        return float(jnp.mean(jax.vmap(task.loss)(answers_of(model, prompts), targets)))

    for rule in ("step", "dirichlet"):
        model = Counting(jnp.ones(()), rule, 6).fitted(prompts, targets)  # type: ignore[arg-type]
        for factor in (0.9, 1.1):
            assert loss(model) < loss(Counting(factor * model.rate, model.rule, 6))
