"""What explicit algorithms do after histories that can be followed by hand."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms import bandit_rules as rules
from icgd.bandits.policy import cue_token, environment, largest, objective_token, play, utilities
from icgd.prompt import TokenPrompt
from icgd.tasks.bandits import BernoulliBandit

TASK, KEY = BernoulliBandit(arms=3, pulls=6), jax.random.key(0)
START = int(objective_token(3, 0))
WON_0, LOST_0, WON_1, LOST_1, WON_2, LOST_2 = 1, 0, 3, 2, 5, 4


def chosen(policy: Any, *tokens: int) -> np.ndarray:
    """Probabilities after the last token."""
    return np.asarray(jax.nn.softmax(policy(TokenPrompt(jnp.array(tokens)))[-1]))


@pytest.mark.parametrize(
    "rule",
    [
        rules.random(TASK, KEY),
        rules.greedy(TASK, KEY),
        rules.ucb(TASK, KEY, width=1.0),
        rules.bayes_ucb(TASK, KEY),
        rules.thompson(TASK, KEY),
        rules.knowledge_gradient(TASK, KEY),
        rules.gittins(TASK, KEY),
        rules.optimal(TASK, KEY).fitted(None, None),
        rules.information_directed(TASK, KEY),
        rules.gradient_bandit(TASK, KEY, rate=1.0),
        rules.exp3(TASK, KEY, share=0.2),
        rules.win_stay(TASK, KEY),
    ],
)
def test_all_arms_are_alike_at_the_start(rule: Any, double: None) -> None:
    assert chosen(rule, START) == pytest.approx([1 / 3] * 3, abs=1e-6)


def test_greedy_takes_the_largest_posterior_mean_and_shares_ties() -> None:
    greedy = rules.greedy(TASK, KEY)
    assert chosen(greedy, START, WON_1) == pytest.approx([0, 1, 0], abs=1e-6)
    assert chosen(greedy, START, LOST_1) == pytest.approx([0.5, 0, 0.5], abs=1e-6)
    shared = rules.greedy(TASK, KEY, share=0.6, decay=1.0)
    assert chosen(shared, START, WON_1, WON_1) == pytest.approx([0.2 / 3, 1 - 0.4 / 3, 0.2 / 3], abs=1e-6)


def test_ucb_pulls_every_arm_once_then_the_largest_bound() -> None:
    ucb = rules.ucb(TASK, KEY, width=0.1)
    assert chosen(ucb, START, WON_0) == pytest.approx([0, 0.5, 0.5], abs=1e-6)
    assert chosen(ucb, START, LOST_0, WON_1, LOST_2) == pytest.approx([0, 1, 0], abs=1e-6)
    wide = rules.ucb(TASK, KEY, width=30.0)
    assert chosen(wide, START, LOST_0, WON_1, LOST_2, WON_1) == pytest.approx([0.5, 0, 0.5], abs=1e-6)


def test_thompson_is_the_chance_to_be_best() -> None:
    # Of arms with densities 2x, 1 and 1 the first is best with ∫ 2x·x² dx = ½.
    thompson = rules.thompson(TASK, KEY)
    assert chosen(thompson, START, WON_0) == pytest.approx([0.5, 0.25, 0.25], abs=1e-5)
    sharp = rules.thompson(TASK, KEY, sharpness=2.0)
    assert chosen(sharp, START, WON_0)[0] == pytest.approx(0.6, abs=1e-5)
    least = rules.thompson(TASK, KEY, objective="min")
    assert chosen(least, START, LOST_0) == pytest.approx([0.5, 0.25, 0.25], abs=1e-5)


def test_a_cue_is_weighed_by_its_reliability() -> None:
    cued = rules.cued(TASK, KEY, reliability=0.8)
    assert chosen(cued, int(cue_token(3, 1))) == pytest.approx([0.1, 0.8, 0.1], abs=1e-5)
    assert chosen(cued, START) == pytest.approx([1 / 3] * 3, abs=1e-5)


def test_knowledge_gradient_explores_while_pulls_are_left() -> None:
    two = BernoulliBandit(arms=2, pulls=10)
    knowledge = rules.knowledge_gradient(two, KEY)
    first = int(objective_token(2, 0))
    # Arm 0: one reward, one failure; arm 1: unknown. Equal means, but only arm 1 can still teach much.
    assert chosen(knowledge, first, 1, 0) == pytest.approx([0, 1], abs=1e-6)


def test_information_directed_sampling_shuns_what_neither_pays_nor_teaches() -> None:
    directed = rules.information_directed(BernoulliBandit(arms=2, pulls=30), KEY)
    first = int(objective_token(2, 0))
    hopeless = chosen(directed, first, *[0] * 12, *[3] * 12)
    assert hopeless[1] > 0.99
    open_ = chosen(directed, first, 1, 0, 3, 2)
    assert open_ == pytest.approx([0.5, 0.5], abs=1e-3)


def test_the_gradient_bandit_takes_the_step_of_policy_gradient() -> None:
    bandit = rules.gradient_bandit(TASK, KEY, rate=1.5)
    step = 1.5 * 0.5 * np.array([2 / 3, -1 / 3, -1 / 3])
    assert chosen(bandit, START, WON_0) == pytest.approx(np.exp(step) / np.exp(step).sum(), abs=1e-6)
    # Its mean over pulls and rewards is the gradient of π·μ.
    means, values = jnp.array([0.2, 0.5, 0.9]), jnp.array([0.3, -0.2, 0.1])
    policy = jax.nn.softmax(values)
    mean_step = sum(policy[a] * (means[a] - 0.5) * (jax.nn.one_hot(a, 3) - policy) for a in range(3))
    expected = jax.grad(lambda h: jax.nn.softmax(h) @ means)(values)
    assert np.asarray(mean_step) == pytest.approx(np.asarray(expected), abs=1e-6)
    running = rules.gradient_bandit(TASK, KEY, rate=1.5, running=True)
    assert chosen(running, START, WON_0, WON_0) == pytest.approx(chosen(running, START, WON_0), abs=1e-6)


def test_exp3_weighs_rewards_by_their_chance() -> None:
    exp3 = rules.exp3(TASK, KEY, share=0.3)
    grown = np.exp(0.1 / (1 / 3))
    expected = 0.7 * np.array([grown, 1, 1]) / (grown + 2) + 0.1
    assert chosen(exp3, START, WON_0) == pytest.approx(expected, abs=1e-6)
    assert chosen(exp3, START, LOST_0) == pytest.approx([1 / 3] * 3, abs=1e-6)


def test_win_stay_lose_shift() -> None:
    rule = rules.win_stay(TASK, KEY)
    assert chosen(rule, START, WON_2) == pytest.approx([0, 0, 1], abs=1e-6)
    assert chosen(rule, START, WON_2, LOST_2) == pytest.approx([0.5, 0.5, 0], abs=1e-6)


def test_a_softmax_of_values_lies_between_random_and_optimal() -> None:
    soft = rules.optimal(TASK, KEY, temperature=100.0).fitted(None, None)
    assert chosen(soft, START, WON_0) == pytest.approx([1 / 3] * 3, abs=0.01)
    best = rules.optimal(TASK, KEY).fitted(None, None)
    assert chosen(best, START, WON_0) == pytest.approx([1, 0, 0], abs=1e-6)


def test_what_a_pull_is_worth() -> None:
    means = jnp.array([0.0, 0.25, 0.5])
    assert utilities(means, 0).tolist() == [0.0, 0.25, 0.5]
    assert utilities(means, 1).tolist() == [1.0, 0.75, 0.5]
    assert utilities(means, 2).tolist() == [0.0, 0.5, 1.0]
    assert largest(jnp.array([1.0, 1.0, 0.0])).tolist() == [0.5, 0.5, 0.0]


def test_late_rewards_are_shown_late() -> None:
    chance = environment(jax.random.key(3), jnp.array([1.0, 1.0, 1.0]), 5)
    tokens = play(rules.random(TASK, KEY), chance, jnp.array(START), delay=2).tokens
    assert (tokens[1:3] % 2).tolist() == [0, 0]
    assert (tokens[3:] % 2).tolist() == [1, 1]
