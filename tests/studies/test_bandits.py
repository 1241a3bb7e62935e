"""Measurements of bandit policies whose values can be known, and the figures of them."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from icgd.algorithms import bandit_rules as rules
from icgd.analysis.experiment import others
from icgd.analysis.study import Population, Study, alone
from icgd.analysis.tidy import rows
from icgd.bandits.counting import CountingPolicy, Counts
from icgd.bandits.posterior import best_arm
from icgd.bandits.sequential import GradientBandit
from icgd.models.history_changes import history_changes
from icgd.models.history_model import history_model
from icgd.models.policy_ensemble import history_ensemble
from icgd.studies.bandits import (
    crowd,
    measure_agreement,
    measure_changes,
    measure_cue,
    measure_readouts,
    measure_regret,
    measure_told,
    purposes,
    rivals,
)
from icgd.tasks.bandits import BernoulliBandit
from tests.by_hand import experiment, measured, value

KEY = jax.random.key(0)
MODULE = "icgd.tasks.bandits"


def study(learners: dict[str, Population], conditions: Any = (), **options: Any) -> Study:
    """An experiment with these policies."""
    spec = {
        "name": "e",
        "experiment": "e",
        "variant": "test",
        "seed": 1,
        "task": {"module": MODULE, "name": "BernoulliBandit", "options": options},
        "conditions": [[None, None, {}], *conditions],
        "references": {},
        "labels": {},
    }
    return Study(spec, learners, {})


def population(*policies: Any) -> Population:
    """Policies of one shape as trained seeds."""
    stacked = jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(x) for x in leaves]), *policies)
    return Population(stacked, list(range(len(policies))), 10)


class Always(CountingPolicy):
    """Arm 0."""

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        return jax.nn.one_hot(0, self.arms)


class Obedient(CountingPolicy):
    """Posterior sampling for the objective that is told."""

    def probabilities(self, seen: Counts) -> Float[Array, " a"]:
        every = [best_arm(seen.wins, seen.losses, objective) for objective in ("max", "min", "target")]
        return jnp.stack(every)[jnp.clip(seen.first - 2 * self.arms, 0, 2)]


SMALL = BernoulliBandit(arms=2, pulls=6)


@pytest.fixture
def few(double: None) -> dict[str, Population]:
    """Policies of two arms and six pulls."""
    found = {
        "optimal": rules.optimal(SMALL, KEY).fitted(None, None),
        "greedy": rules.greedy(SMALL, KEY),
        "random": rules.random(SMALL, KEY),
        "always": Always(2, 6),
    }
    return {name: alone(policy) for name, policy in found.items()}


def test_excess_is_the_simulated_difference_of_regrets(few: dict[str, Population]) -> None:
    table = measured(measure_regret, study(few, arms=2, pulls=6), prompts=6000, beside={"random": "always"})

    def of(learner: str, metric: str, **where: Any) -> float:
        return value(rows(table, learner=learner, metric=metric, **where))

    best = next(p.learner for p in few.values() if measure_regret.is_optimal(p.learner))
    least = measure_regret.least_regret(jax.tree.map(lambda a: a[0], best))
    for learner in ("greedy", "random", "always"):
        simulated = of(learner, "regret") - least
        error = np.hypot(of(learner, "regret_standard_error"), of(learner, "excess_standard_error"))
        assert abs(simulated - of(learner, "excess")) < 2 * error
        assert of(learner, "regret_over_optimal") == pytest.approx(1 + of(learner, "excess") / least)
    assert of("optimal", "excess") == pytest.approx(0, abs=1e-5)
    assert abs(of("optimal", "regret") - least) < 2 * of("optimal", "regret_standard_error")
    assert of("random", "regret") == pytest.approx(6 / 6, abs=0.05)  # E max − E μ = 2/3 − 1/2
    assert of("random", "regret_so_far", pull=6) == pytest.approx(of("random", "regret"))
    assert of("random", "regret_over_reference", reference="always") == pytest.approx(1, abs=0.05)


def test_shifts_change_the_arms_and_bounded_policies_are_left_out(few: dict[str, Population]) -> None:
    conditions = [["prior", "low", {"prior": "low"}], ["pulls", 8, {"pulls": 8}]]
    table = measured(
        measure_regret,
        study(few, conditions, arms=2, pulls=6),
        prompts=500,
        bounded=["optimal"],
        left_out=["greedy"],
        shift_prompts=300,
    )
    error = [rows(table, learner="random", metric="regret_standard_error", option=o) for o in ("pulls", None)]
    assert value(error[0]) / value(error[1]) == pytest.approx(8 / 6 * np.sqrt(500 / 300), rel=0.15)
    low = value(rows(table, learner="random", metric="regret", option="prior", setting="low"))
    assert low == pytest.approx(0.2, abs=0.03)
    longer = rows(table, metric="regret", option="pulls")
    assert set(longer["learner"]) == {"random", "always"}
    assert "greedy" not in set(table["learner"])


def test_a_learner_that_is_an_algorithm_is_found_out(double: None) -> None:
    seeds = [GradientBandit(jnp.asarray(rate), 2) for rate in (1.9, 2.2)]
    learners = {
        "model": population(*seeds),
        "gradient_bandit": alone(rules.gradient_bandit(SMALL, KEY, rate=1.0)),
        "random": alone(rules.random(SMALL, KEY)),
        "thompson": alone(rules.thompson(SMALL, KEY)),
        "thompson_sharp": alone(rules.thompson(SMALL, KEY)),
    }
    table = measured(
        measure_agreement,
        study(learners, arms=2, pulls=6),
        algorithms={"model": "gradient_bandit", "thompson": "thompson"},
        rivals=["random", "thompson", "thompson_sharp"],
        fit=["gradient_bandit", "thompson_sharp"],
        behaviours=["random"],
        forms={"thompson_sharp": "thompson"},
        prompts=16,
        turned=4,
    )
    mine = rows(table, learner="model")
    assert rows(mine, metric="fitted_parameter", reference="gradient_bandit")["value"].between(1.8, 2.3).all()
    for behaviour in ("own", "random"):
        at = {"behaviour": behaviour, "reference": "gradient_bandit"}
        assert (rows(mine, metric="total_variation", **at)["value"] < 0.03).all()
        assert (rows(mine, metric="total_variation_over_nearest_rival", **at)["value"] < 0.5).all()
        assert (rows(mine, metric="seeds_apart", behaviour=behaviour)["value"] > 0).all()
    along = rows(mine, metric="sensitivity_cosine", reference="gradient_bandit")["value"]
    assert (along > 0.99).all()
    assert rows(mine, metric="order_dependence_over_reference")["value"].between(0.8, 1.2).all()
    assert rows(mine, metric="order_dependence_of_reference", reference="thompson")["value"].max() < 1e-9
    exact = rows(table, learner="thompson", metric="total_variation", reference="thompson")["value"]
    assert exact.max() < 1e-12
    form = rows(table, learner="thompson", metric="total_variation", reference="thompson_sharp")["value"]
    assert form.max() < 1e-6  # measured, but no rival: a ratio to it would be near one
    ratio = rows(table, learner="thompson", metric="total_variation_over_nearest_rival")["value"]
    assert ratio.max() < 1e-9


def test_parameters_are_fitted_finer_than_the_grid_and_to_known_ones(double: None) -> None:
    policies = {
        "ucb": alone(rules.ucb(SMALL, KEY, width=1.4)),
        "narrow": alone(rules.ucb(SMALL, KEY, width=0.4)),
        "greedy": alone(rules.greedy(SMALL, KEY)),
        "rising": alone(rules.gradient_bandit(SMALL, KEY, rate=2.07)),
    }
    assert rivals.known_parameters(policies, "ucb") == pytest.approx([1.4, 0.4])
    assert rivals.known_parameters({"random": alone(rules.random(SMALL, KEY))}, "random") == []
    tokens = crowd.play_all(policies["rising"], crowd.chance(study(policies, arms=2, pulls=6), 40), 4).tokens
    ours = crowd.answers(policies["rising"], tokens)
    other = alone(rules.gradient_bandit(SMALL, KEY, rate=1.0))
    found = rivals.fitted(other, tokens, ours, True).parameter
    assert found == pytest.approx(2.07, rel=0.01)  # steps of the grid are 13 %
    assert rivals.fitted(other, tokens, ours, True, [2.07]).parameter == 2.07
    assert np.isnan(rivals.fitted(alone(rules.random(SMALL, KEY)), tokens, ours, False).parameter)


def test_a_finer_grid_lies_between_neighbours_and_stays_within_the_edges() -> None:
    grid = np.array([0.0, 1.0, 4.0])
    assert rivals.around(grid, 1)[[0, -1]].tolist() == [0, 4]
    assert 1.0 in rivals.around(grid, 1)
    assert rivals.around(grid, 2)[[0, -1]].tolist() == [1, 4]


def test_sensitivities_and_cosines_by_hand(double: None) -> None:
    tokens = jnp.array([[[4, 1, 2]]])  # arm 0 rewarded, then arm 1 not
    win_stay = alone(rules.win_stay(SMALL, KEY))
    found = rivals.sensitivities(win_stay, tokens)[0, 0]
    assert np.asarray(found) == pytest.approx(np.array([[0, 0], [-1, 1]]), abs=1e-6)
    turned = jnp.array([[[[0.0, 0.0], [1.0, 1.0]]]])
    assert rivals.cosine(found[None, None], turned) == pytest.approx(0)
    assert rivals.cosine(found[None, None], found[None, None]) == pytest.approx(1)


def test_ridge_reads_what_is_linear_and_not_what_is_shuffled(double: None) -> None:
    stream = jax.random.normal(KEY, (40, 5, 3))
    labels = stream @ jnp.array([[1.0], [2.0], [-1.0]])
    assert measure_readouts.explained(stream, labels, 1e-6) == pytest.approx(1, abs=1e-4)
    mixed = jax.random.permutation(jax.random.key(5), labels, axis=0)
    assert measure_readouts.explained(stream, mixed, 1e-6) < 0.1


def test_quantities_that_are_read_out() -> None:
    found = measure_readouts.quantities(jnp.array([[[4, 1, 2, 1]]]), 2)
    assert found["wins"][0, 0].tolist() == [[0, 0], [1, 0], [1, 0], [2, 0]]
    assert found["losses"][0, 0].tolist() == [[0, 0], [0, 0], [0, 1], [0, 1]]
    assert found["mean"][0, 0, -1].tolist() == pytest.approx([3 / 4, 1 / 3])


def test_heads_and_biases_that_are_not_used_have_no_effect(double: None) -> None:
    model = history_model(SMALL, KEY, width=8, heads=2, hidden=8)
    readout = jax.random.normal(jax.random.key(3), model.readout.shape)
    model = eqx.tree_at(lambda m: m.readout, model, readout)
    silent = model.blocks[1].attention.projection.at[1].set(0.0)
    model = eqx.tree_at(lambda m: m.blocks[1].attention.projection, model, silent)
    learners = {"model": population(model)}
    table = measured(measure_readouts, study(learners, arms=2, pulls=6), learners=["model"], prompts=16)
    effects = rows(table, metric="head_effect")
    assert value(rows(effects, layer=2, head=2)) == 0
    assert value(rows(effects, layer=1, head=1)) > 0
    assert (rows(table, metric="bias_effect")["value"] == 0).all()
    assert set(rows(table, metric="readout")["layer"]) == {0, 1, 2}


def explicit(task: BernoulliBandit) -> dict[str, Population]:
    return {o: alone(rules.thompson(task, KEY, objective=o)) for o in ("max", "min", "target")}  # type: ignore[arg-type]


def test_who_does_what_is_told_has_a_score_of_one(double: None) -> None:
    task = BernoulliBandit(arms=2, pulls=8)
    learners = {**explicit(task), "told": population(Obedient(2, 8)), "deaf": population(Always(2, 8))}
    learners["expecting"] = alone(rules.cued(task, KEY, reliability=0.9))
    table = measured(
        measure_told,
        study(learners, arms=2, pulls=8),
        told=dict.fromkeys(["told", "deaf"], ["max", "min", "target"]),
        turned=["max"],
        favoured={"deaf": "expecting"},
        prompts=200,
    )
    assert value(rows(table, learner="told", metric="retargetability")) == pytest.approx(1, abs=1e-6)
    assert value(rows(table, learner="deaf", metric="retargetability")) == pytest.approx(0, abs=1e-9)
    assert value(rows(table, learner="told", metric="least_gain")) > 0.005
    assert rows(table, learner="told", metric="relative_error")["value"].max() < 1e-6
    assert value(rows(table, learner="max", metric="turned_total_variation")) < 1e-6
    most = value(rows(table, learner="max", metric="utility", asked="max", objective="max"))
    least = value(rows(table, learner="max", metric="turned_utility", objective="min"))
    assert least == pytest.approx(most, abs=0.04)
    for metric in ("first_arm", "turned_first_arm"):
        assert value(rows(table, learner="deaf", metric=metric)) == 1
    share = value(rows(table, learner="expecting", metric="first_arm"))
    assert 0.8 < share < 0.97  # rewards confirm what it expects
    assert value(rows(table, learner="expecting", metric="turned_first_arm")) < share - 0.1


def test_the_best_temperature_of_a_policy_for_itself_is_one(double: None) -> None:
    learners = explicit(SMALL)
    of = study(learners, arms=2, pulls=6)
    here = crowd.chance(of, 40)
    tokens = purposes.mixed_histories(KEY, here, 4)
    least = purposes.posterior_sampling("min", tokens, 2)
    error, scale = purposes.best_temperature(learners["min"], tokens, least)
    assert (float(error[0]), float(scale[0])) == pytest.approx((0, 1), abs=0.06)
    error, scale = purposes.best_temperature(learners["max"], tokens, least)
    assert float(scale[0]) < 0
    assert purposes.relative_error(jnp.full_like(least, 0.5), least)[0] == pytest.approx(1)


def test_changes_are_measured(double: None) -> None:
    base = history_ensemble(SMALL, KEY, members=["max_only"])
    readout = jax.random.normal(KEY, base.members.readout.shape)  # type: ignore[attr-defined]
    base = eqx.tree_at(lambda m: m.members.readout, base, readout)
    names: dict[str, dict[str, Any]] = {
        "all_to_min": {"part": "all", "objective": "min"},
        "all_to_target": {"part": "all", "objective": "target"},
        "start_to_min": {"part": "start", "objective": "min"},
    }
    changed = history_changes(SMALL, KEY, members=names, base=["max_only"], of="max_only")
    changed = eqx.tree_at(lambda c: c.base, changed, base)
    turned = eqx.tree_at(lambda c: c.base.members.readout, changed, -3 * readout)
    learners = {"base": population(base), "changes": population(changed), **explicit(SMALL)}
    of = dataclasses.replace(
        study(learners, arms=2, pulls=6), history={"changes": [population(turned), population(changed)]}
    )
    assert {"max_only", *names, "max", "min", "target"} == set(crowd.crowd(of))
    named = {"base": "max_only", "changed": ["changes"], "explicit": ["max", "min", "target"]}
    table = measured(measure_changes, of, **named, prompts=40)
    error = value(rows(table, learner="all_to_min", metric="change_error"))
    least = value(rows(table, learner="max_only", metric="temperature_error", objective="min"))
    found = value(rows(table, learner="all_to_min", metric="imitation"))
    assert found == pytest.approx(1 - error / least)
    assert value(rows(table, learner="start_to_min", metric="change_parameters")) == 32
    assert rows(table, metric="error_fallen")["value"].abs().max() == 0  # as at the snapshot before
    earlier = dataclasses.replace(of, history={"changes": [population(turned)]})
    fallen = rows(measured(measure_changes, earlier, **named, prompts=40), metric="error_fallen")
    before = crowd.one_by_one(population(turned))["all_to_min"]
    tokens = purposes.mixed_histories(of.key("mixed"), crowd.chance(of, 40), 4)
    was = purposes.relative_error(
        crowd.answers(before, tokens), purposes.posterior_sampling("min", tokens, 2)
    )
    assert value(rows(fallen, learner="all_to_min")) == pytest.approx(1 - error / float(was[0]))
    score = rows(table, learner="max_only", metric="change_score")
    assert score[["part", "network"]].to_numpy().tolist() == [["all", "base"]]
    assert float(score["value"].iloc[0]) == pytest.approx(0, abs=1e-9)  # nothing was changed


def test_trust_in_a_cue_is_found(double: None) -> None:
    task = BernoulliBandit(arms=3, pulls=30)
    learners = {
        "weighing": population(rules.cued(task, KEY, reliability=0.8)),
        "blind": population(rules.thompson(task, KEY)),
        "faithful": population(rules.cued(task, KEY, reliability=0.999999)),
    }
    table = measured(
        measure_cue,
        study(learners, arms=3, pulls=30),
        reliabilities={"weighing": 0.8, "blind": 1 / 3, "faithful": 1.0},
        prompts=30,
    )

    def of(learner: str, metric: str, **where: Any) -> float:
        return value(rows(table, learner=learner, metric=metric, **where))

    assert of("weighing", "effective_reliability") == pytest.approx(0.8, abs=0.01)
    assert of("weighing", "reliability_error") == pytest.approx(0, abs=0.01)
    assert of("weighing", "cued_total_variation") < 0.01
    assert of("blind", "effective_reliability") == pytest.approx(1 / 3, abs=0.01)
    assert of("faithful", "effective_reliability") > 0.9999
    assert of("weighing", "followed_against") < 0.01
    assert of("weighing", "followed", cue="worst", pulls="first") > of(
        "weighing", "followed", cue="worst", pulls="last"
    )
    assert of("weighing", "cued_regret", cue="best") < of("weighing", "cued_regret", cue="worst")


def test_contrary_histories_are_twenty_rewards_against_the_cue() -> None:
    tokens = measure_cue._contrary(3, 30)[0, 0]
    assert tokens[0] == 9
    assert tokens[1:21].tolist() == [0, 3] * 10


def test_measurements_read_what_is_trained_side_by_side() -> None:
    trained = SimpleNamespace(options={"members": ["dpt", "rl2"]})
    of = experiment(trained={"crowd": trained}, learners=["crowd", "optimal"])
    assert others(measure_regret, of) == ["dpt", "rl2"]
    assert measure_readouts.reads(of, {"learners": ["dpt"]}) == ["crowd"]
    for module in (measure_regret, measure_agreement, measure_told, measure_changes, measure_cue):
        assert module.reads(of, {}) == ["crowd", "optimal"]
