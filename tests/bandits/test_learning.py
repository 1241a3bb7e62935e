"""The laws of histories, the policy gradient, and models that read histories."""

import dataclasses
from typing import Any, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from icgd.bandits.behaviours import Prior, draw_means, favoured
from icgd.bandits.policy import cue_token, objective_token, play
from icgd.bandits.policy_gradient import TRACE, Episode, Outcome, advantages, surrogate, unpacked
from icgd.models.history_changes import history_changes, parameters
from icgd.models.history_model import history_model
from icgd.models.policy_ensemble import history_ensemble, recurrent_ensemble
from icgd.models.recurrent_policy import recurrent_policy
from icgd.prompt import TokenPrompt
from icgd.tasks.bandits import BernoulliBandit
from tests.models_at_hand import built, moved
from tests.prompts import drawn_from

KEY = jax.random.key(0)


@pytest.mark.parametrize("build", [history_model, recurrent_policy])
def test_pull_by_pull_is_the_same_as_in_parallel(build: Any) -> None:
    task = BernoulliBandit(arms=2, pulls=5)
    policy = moved(built(lambda: build(task, KEY)), 0.3)
    chance = task.environment(jax.random.key(2))
    played = play(policy, chance, jnp.array(4))  # type: ignore[arg-type]
    whole = policy(TokenPrompt(played.tokens))
    assert np.asarray(played.logits) == pytest.approx(np.asarray(whole), abs=1e-4)
    assert jnp.ptp(whole) > 0.01


def test_an_episode_is_played_as_by_play() -> None:
    task = BernoulliBandit(arms=2, pulls=5, playing=True)
    policy = moved(built(lambda: recurrent_policy(task, KEY)), 0.3)
    episode, worth = task.sample(jax.random.key(3))
    found = unpacked(policy(episode))
    played = play(policy, episode.chance, episode.first)  # type: ignore[arg-type]
    assert found.chosen.argmax(axis=1).tolist() == played.actions.tolist()
    assert np.asarray(found.logits) == pytest.approx(np.asarray(played.logits), abs=1e-5)
    assert worth.tolist() == episode.chance.means.tolist()


def test_advantages_by_hand() -> None:
    worth, values = jnp.array([1.0, 0.0]), jnp.array([0.5, 0.25])
    last = 0.0 - 0.25
    assert advantages(worth, values).tolist() == pytest.approx([1 + 0.25 - 0.5 + TRACE * last, last])


def test_the_surrogate_has_the_gradient_of_the_expected_reward() -> None:
    means, logits = jnp.array([0.2, 0.5, 0.9]), jnp.array([0.3, -0.2, 0.1])

    def loss(logits: jax.Array, arm: int) -> jax.Array:
        outcome = Outcome(logits[None], jax.nn.one_hot(jnp.array([arm]), 3), jnp.zeros(1))
        return surrogate(outcome.packed(), means, 0.0)

    policy = jax.nn.softmax(logits)
    found = sum(policy[arm] * jax.grad(loss)(logits, arm) for arm in range(3))
    expected = jax.grad(lambda h: jax.nn.softmax(h) @ means)(logits)
    assert np.asarray(-found) == pytest.approx(np.asarray(expected), abs=1e-6)


def test_entropy_lowers_the_surrogate() -> None:
    flat = Outcome(jnp.zeros((1, 2)), jnp.array([[1.0, 0.0]]), jnp.zeros(1)).packed()
    worth = jnp.zeros(2)
    assert surrogate(flat, worth, 0.0) - surrogate(flat, worth, 0.5) == pytest.approx(0.5 * np.log(2))


def test_targets_are_the_next_actions() -> None:
    prompt, target = BernoulliBandit(pulls=6, source="random").sample(KEY)
    assert int(prompt.tokens[0]) == objective_token(3, 0)
    assert target[:-1].argmax(axis=1).tolist() == (prompt.tokens[1:] // 2).tolist()


def test_every_second_pull_of_a_source_is_kept() -> None:
    whole, _ = BernoulliBandit(pulls=8, source="gradient", parameter=0.5).sample(KEY)
    some, target = BernoulliBandit(pulls=4, source="gradient", parameter=0.5, every=2).sample(KEY)
    assert some.tokens[1:].tolist() == whole.tokens[2::2].tolist()
    assert target[:3].argmax(axis=1).tolist() == (some.tokens[1:] // 2).tolist()


def test_labels_are_the_best_arm_or_its_chances() -> None:
    _, best = BernoulliBandit(source="mixed", label="best_arm", objective="min").sample(KEY)
    assert (best == best[0]).all() and best[0].sum() == 1
    prompt, chances = BernoulliBandit(source="mixed", label="posterior", objective="any").sample(KEY)
    assert chances[0].tolist() == pytest.approx([1 / 3] * 3, abs=1e-5)
    assert np.asarray(chances.sum(axis=1)) == pytest.approx(1, abs=1e-5)
    assert 6 <= int(prompt.tokens[0]) < 9


def test_what_is_labelled_need_not_be_told() -> None:
    prompt, _ = BernoulliBandit(source="mixed", label="posterior", objective="min", told=False).sample(KEY)
    assert int(prompt.tokens[0]) == objective_token(3, 0)


def test_a_cue_names_the_best_arm_as_often_as_it_should() -> None:
    task = BernoulliBandit(pulls=2, source="random", label="best_arm", cue=0.8, broken=0.3)
    prompts, targets = drawn_from(task, KEY, 4000)
    named = prompts.tokens[:, 0] - cue_token(3, 0)
    right = (named == targets[:, 0].argmax(axis=1)).mean()
    assert right == pytest.approx(0.7 * 0.8 + 0.3 / 3, abs=0.03)


def test_arms_of_every_law() -> None:
    numbers = jax.random.uniform(KEY, (2000, 6))
    laws = get_args(Prior)
    drawn = {law: np.asarray(jax.vmap(lambda u, law=law: draw_means(u[:4], law))(numbers)) for law in laws}
    assert drawn["uniform"].mean() == pytest.approx(0.5, abs=0.02)
    assert drawn["beta_1_3"].mean() == pytest.approx(0.25, abs=0.02)
    assert drawn["low"].max() <= 0.2 and drawn["high"].min() >= 0.8
    ordered = np.sort(drawn["gap"], axis=1)
    assert ordered[:, 2] - ordered[:, 1] == pytest.approx(0.1, abs=1e-6)
    assert ordered[:, 1] - ordered[:, 0] == pytest.approx(0, abs=1e-6)
    assert np.bincount(drawn["gap"].argmax(axis=1)) / 2000 == pytest.approx(1 / 3, abs=0.04)
    moved = jax.vmap(lambda u, m: favoured(u[4:], m, 0.95))(numbers, jnp.asarray(drawn["uniform"]))
    assert (np.asarray(moved.argmax(axis=1)) == 0).mean() == pytest.approx(0.95, abs=0.02)
    assert np.sort(moved, axis=1) == pytest.approx(np.sort(drawn["uniform"], axis=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arms": 1}, "at least 2"),
        ({"source": "thomson"}, "source is 'thomson'; expected one of random, thompson"),
        ({"cue": 0.2}, r"reliability is 0.2; with 3 arms expected one of \[0.333, 1\]"),
        ({"cue": 1.5}, "reliability is 1.5"),
        ({"members": {"a": {"cue": 2}}}, "reliability is 2"),
        ({"broken": 3.0}, "broken is 3.0; expected a share from 0 to 1"),
        ({"members": {"a": {"favourite": -1.0}}}, "favourite is -1.0"),
        ({"objective": "most"}, "objective is 'most'"),
        ({"members": {"a": {"prior": "beta"}}}, "prior is 'beta'"),
    ],
)
def test_impossible_laws_are_refused(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, object], message: str
) -> None:
    """Runs do not check types, as tests do."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match=message):
        BernoulliBandit(**options)  # type: ignore[arg-type]


MEMBERS = {"b": {"source": "random"}, "a": {"source": "mixed", "label": "best_arm"}}


def test_members_learn_from_laws_of_their_own() -> None:
    task = BernoulliBandit(pulls=4, members=MEMBERS)  # type: ignore[arg-type]
    crowd = built(lambda: history_ensemble(task, KEY, members=["b", "a"]))
    assert crowd.names == ("a", "b")
    prompt, target = eqx.filter_jit(task.sample)(KEY)
    assert prompt.tokens.shape == (2, 4)
    assert (target[0] == target[0, 0]).all(), "the best arm is the label of member a"
    lively = moved(crowd, 0.3)
    whole = eqx.filter_jit(lively)(prompt)
    for place, name in enumerate(crowd.names):
        alone = lively.member(name)(TokenPrompt(prompt.tokens[place]))
        assert np.asarray(whole[place]) == pytest.approx(np.asarray(alone), abs=1e-4)
    parts = [law.loss(*one) for law, *one in zip(task.laws(), whole, target, strict=True)]
    assert float(task.loss(whole, target)) == pytest.approx(float(sum(parts)))
    with pytest.raises(ValueError, match="the members are"):
        history_ensemble(task, KEY, members=["a", "c"])


def test_recurrent_members_play_their_episodes() -> None:
    laws = {"x": {"playing": True}, "y": {"playing": True, "objective": "min"}}
    task = BernoulliBandit(pulls=3, members=laws)  # type: ignore[arg-type]
    crowd = built(lambda: recurrent_ensemble(task, KEY, members=["x", "y"]))
    prompt, target = eqx.filter_jit(task.sample)(KEY)
    assert isinstance(prompt, Episode)
    assert target[1].tolist() == pytest.approx((1 - prompt.chance.means[1]).tolist())
    assert jnp.isfinite(task.loss(crowd(prompt), target))


CHANGES: dict[str, dict[str, Any]] = {
    "all_to_min": {"part": "all", "objective": "min"},
    "rank_1_to_min": {"part": "rank_1", "objective": "min"},
    "random_all_to_min": {"part": "all", "objective": "min", "random": True},
    "start_to_min": {"part": "start", "objective": "min"},
    "biases_to_min": {"part": "biases", "objective": "min"},
}


def changes(*names: str) -> Any:
    task = BernoulliBandit(pulls=4)
    base = moved(built(lambda: history_ensemble(task, KEY, members=["m", "n"])), 0.3)
    members = {n: CHANGES[n] for n in names}
    found: Any = built(lambda: history_changes(task, KEY, members=members, base=["m", "n"], of="n"))
    assert bool(jnp.isnan(found.base.members.embedding).all())
    return dataclasses.replace(found, base=base)


def test_a_change_of_nothing_is_the_base() -> None:
    adapted = changes("all_to_min", "rank_1_to_min", "random_all_to_min")
    base = adapted.base.member("n")
    prompt = TokenPrompt(jnp.array([6, 1, 2, 5]))
    for name in ("all_to_min", "rank_1_to_min"):
        same = eqx.filter_jit(adapted.member(name))(prompt)
        assert np.asarray(same) == pytest.approx(np.asarray(base(prompt)), abs=1e-5)
    other = adapted.member("random_all_to_min")(prompt)
    assert float(jnp.abs(other - base(prompt)).max()) > 0.01


def test_only_a_part_gets_a_gradient_and_so_many_numbers() -> None:
    adapted = changes("start_to_min", "biases_to_min")
    prompt = TokenPrompt(jnp.array([[6, 1, 2, 5], [6, 0, 3, 4]]))
    gradient = eqx.filter_jit(eqx.filter_grad(lambda model: jnp.sum(model(prompt) ** 2)))(adapted)
    assert all(float(jnp.abs(leaf).max()) == 0 for leaf in jax.tree.leaves(gradient.base))
    embedding = gradient.differences[0].added
    assert float(jnp.abs(embedding[1]).max()) > 0  # start: its own first token alone
    assert np.flatnonzero(np.asarray(jnp.abs(embedding[1]).sum(axis=1))).tolist() == [6]
    assert float(jnp.abs(embedding[0]).max()) == 0
    model = adapted.base.member("n")
    assert parameters("start", model) == 32
    assert parameters("vectors", model) == 64
    assert parameters("biases", model) == 2 * (64 + 32)
    per_block = 3 * (32 + 32) + (8 + 128) + 2 * (32 + 64)
    assert parameters("rank_1", model) == 2 * per_block
    assert parameters("rank_4", model) == 8 * per_block


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"part": "head", "objective": "min"}, "other: part is 'head'; expected one of start, vectors"),
        (
            {"part": "all", "objective": "most"},
            "other: objective is 'most'; expected one of max, min",
        ),
    ],
)
def test_impossible_changes_are_refused(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, str], message: str
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(ValueError, match=message):
        history_changes(BernoulliBandit(pulls=4), KEY, members={"other": fields}, base=["m"], of="m")
