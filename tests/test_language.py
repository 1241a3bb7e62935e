"""Token tasks, language models, counting rivals and the scores of heads, against loops over positions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icgd.algorithms.counting import EVIDENCE, Counting, followers, matches
from icgd.analysis import attention_scores as scores
from icgd.models.language_model import LanguageModel, constructed_induction, language_model
from icgd.prompt import TokenPrompt
from icgd.studies.induction.measure_ablation import edits, masked
from icgd.studies.induction.measure_formation import window
from icgd.studies.induction.measure_one_step_reading import growth_exponent, matched_logits, resemblance
from icgd.studies.induction.phase_change import formation_step, steepest_fall
from icgd.tasks.token_sequences import MarkovChains, TiledSegments

KEY = jax.random.key(3)
SMALL = TiledSegments(vocabulary=5, length=12, shortest=2, longest=6)
SEQUENCES = st.lists(st.integers(0, 4), min_size=2, max_size=12)


def untrained(kernels: list[str]) -> LanguageModel:
    return language_model(SMALL, KEY, kernels=kernels, width=8)  # type: ignore[arg-type]


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


@settings(deadline=None, max_examples=25)
@given(SEQUENCES)
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
        np.testing.assert_allclose(scores.centred(logits), scores.centred(counts), atol=1e-12)


@settings(deadline=None, max_examples=25)
@given(SEQUENCES)
def test_constructed_heads_take_the_step(tokens: list[int]) -> None:
    prompt = TokenPrompt(jnp.array(tokens))
    found = constructed_induction(SMALL, KEY)(prompt)
    np.testing.assert_allclose(found, followers(prompt.tokens, 5), atol=1e-5)


def test_fitted_rate_is_the_best(double: None) -> None:
    task = MarkovChains(vocabulary=6, length=20, states=4)
    prompts, targets = jax.vmap(task.sample)(jax.random.split(KEY, 64))

    def loss(model: Counting) -> float:
        return float(jnp.mean(jax.vmap(task.loss)(jax.vmap(model)(prompts), targets)))

    for rule in ("step", "dirichlet"):
        model = Counting(jnp.ones(()), rule, 6).fitted(prompts, targets)  # type: ignore[arg-type]
        for factor in (0.9, 1.1):
            assert loss(model) < loss(Counting(factor * model.rate, model.rule, 6))


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


def test_edits_act_on_their_layer_alone() -> None:
    model, prompt = untrained(["softmax", "softmax"]), SMALL.sample(KEY)[0]
    intact, found = model.trace(prompt), model.trace(prompt, masked(0, 1))
    np.testing.assert_allclose(found.maps[0].sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(jnp.diagonal(found.maps[0], -1), 0)
    without = model.trace(prompt, edits(2)["head_2"])
    np.testing.assert_allclose(without.logits[1], intact.logits[0], atol=1e-6)
    np.testing.assert_allclose(model.trace(prompt, edits(2)["nothing"]).logits, intact.logits)


def test_scores_of_perfect_heads() -> None:
    tokens = jnp.array([0, 1, 2, 0, 1, 2, 0, 1])
    one_back = jnp.eye(8, k=-1).at[0, 0].set(1)
    assert scores.previous_token(one_back) == 1
    assert scores.previous_token_largest(-2 * one_back) == 1
    found = matches(tokens)
    weights = jnp.where(
        found.any(axis=1, keepdims=True), found / jnp.maximum(found.sum(axis=1), 1)[:, None], one_back
    )
    assert scores.prefix_matching(weights, tokens) == pytest.approx(1)
    assert scores.prefix_matching(-weights, tokens) == pytest.approx(1)
    assert scores.prefix_matching(jnp.eye(8), tokens) == 0
    added = weights @ jax.nn.one_hot(tokens, 3)
    assert scores.copying(weights, 5 * added + 2, tokens) == pytest.approx(1, abs=1e-5)
    assert scores.copying(weights, -added, tokens) == pytest.approx(-1, abs=1e-5)


def test_phase_change_and_formation() -> None:
    steps = np.arange(0.0, 210, 10)
    one = 1 / (1 + np.exp((steps - 85) / 10))
    middle, rival = steepest_fall(steps, one)
    assert middle == 85 and rival < 0.5
    two = one + 1 / (1 + np.exp((steps - 165) / 10))
    assert steepest_fall(steps, two)[1] > 0.9
    assert formation_step(steps, 1 - one, 0.5) == pytest.approx(85, abs=1)
    assert formation_step(steps, steps, 0.25) == pytest.approx(50)


def test_resemblance_and_growth(double: None) -> None:
    tokens = jnp.stack([jnp.array([0, 1] * 6), jnp.array([2, 3, 4] * 4)])
    counts = jax.vmap(followers, in_axes=(0, None))(tokens, 5)
    kept = counts.sum(axis=-1) >= 1
    agreement, explained = resemblance(scores.centred(3.0 * counts)[None], counts, kept)
    np.testing.assert_allclose([agreement[0], explained[0]], 1)
    assert float(resemblance(-counts[None], counts, kept)[0][0]) == 0
    for head, exponent in ((counts, 1.0), (jnp.sign(counts), 0.0)):
        growth = matched_logits(head[None], counts, 0, 3)
        np.testing.assert_allclose(growth_exponent(growth), exponent, atol=1e-12)


def test_windows_lie_within_the_sequence() -> None:
    losses = jnp.arange(8.0)[None]
    assert window(losses, [2, 4]) == 2.5
    with pytest.raises(ValueError, match="not within the 8 positions"):
        window(losses, [4, 9])
