"""Retargeting: changes of a part of a network, training from a base, exact fits by splitting, scores."""

import dataclasses
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from icgd.stages.arguments import StageError

from icgd.algorithms.objective_descent import exact_fit, fit, objective_descent
from icgd.analysis.study import Population, Study
from icgd.models.adapters import CHANGES, Adapted, adapted, count
from icgd.models.blocks import prompted_transformer
from icgd.objectives.dial import OBJECTIVES
from icgd.objectives.splitting import exact_weights
from icgd.prompt import Prompt
from icgd.spec.build import build_learner, build_task, load_learner, save_learner, start_from
from icgd.stages import train
from icgd.studies.retargeting.measure_confounded import _followed, predicted
from icgd.studies.retargeting.measure_prompted import KINDS
from icgd.studies.retargeting.measure_retargeting import _between, _ruler
from icgd.tasks.objective_regression import FAMILIES, ObjectiveRegression

KEY = jax.random.key(0)
TASK_SPEC = {"kind": "objectives.ObjectiveRegression", "noise_scale": 1.0}
TASK = ObjectiveRegression(noise_scale=1.0)


def prompts(count: int, task: ObjectiveRegression = TASK) -> Prompt:
    return jax.vmap(task.sample)(jax.random.split(KEY, count))[0]


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_starts_at_nothing_and_leaves_the_base_alone(part: Any) -> None:
    learner, stored = adapted(TASK, KEY, part=part, random=True), prompts(4)
    base = jax.vmap(learner.base)(stored)
    np.testing.assert_allclose(jax.vmap(learner)(stored), base, rtol=1e-6)

    def loss(learner: Adapted) -> jax.Array:
        return jnp.mean((jax.vmap(learner)(stored) - 1) ** 2)

    slopes = eqx.filter_grad(loss)(learner)
    assert all(not jnp.any(leaf) for leaf in jax.tree.leaves(slopes.base))
    assert any(jnp.any(leaf) for leaf in jax.tree.leaves(slopes.change))
    moved = eqx.apply_updates(learner, jax.tree.map(lambda g: -1e-4 * g, slopes))
    assert float(jnp.abs(jax.vmap(moved)(stored) - base).max()) > 0
    assert float(loss(moved)) < float(loss(learner))


def test_numbers_of_parameters() -> None:
    parts: list[Any] = list(CHANGES)
    sizes = {part: count(adapted(TASK, KEY, part=part).change) for part in parts}
    base = count(adapted(TASK, KEY, part="all").base)
    assert sizes["output_scale"] == 1
    assert sizes["matrix_scales"] == 20
    assert sizes["objective"] == sizes["steering_1"] == 64
    assert sizes["steering"] == 3 * 64
    assert sizes["biases"] == 3 * (128 + 64)
    assert sizes["all"] == base
    one, four = (count(adapted(TASK, KEY, part="low_rank", rank=rank).change) for rank in (1, 4))
    assert one < 0.04 * base
    assert four == 4 * one


def test_a_change_of_rank_one_is_one() -> None:
    learner = adapted(TASK, KEY, part="low_rank", random=True)
    change = jax.tree.map(lambda a: a + 1.0, learner.change)
    merged = eqx.tree_at(lambda m: m.change, learner, change).merged()
    apart = merged.blocks[1].mlp.inner - learner.base.blocks[1].mlp.inner
    assert np.linalg.matrix_rank(np.asarray(apart), tol=1e-3) == 1


@pytest.mark.parametrize(("n", "d"), [(12, 5), (8, 5), (24, 5)])
def test_splitting_finds_the_exact_fits(n: int, d: int) -> None:
    stored = prompts(100, ObjectiveRegression(dimension=d, context_length=n, noise_scale=1.0))
    found = np.asarray(jax.jit(jax.vmap(exact_weights))(stored.x, stored.y[..., 0]), float)
    x, y = np.asarray(stored.x, float), np.asarray(stored.y[..., 0], float)
    for index, largest in ((0, False), (2, True)):
        exact = np.stack([fit(a, b, largest) for a, b in zip(x, y, strict=True)])
        error = np.mean((found[:, index] - exact) ** 2) / np.mean(exact**2)
        least = np.mean((found[:, 1] - exact) ** 2) / np.mean(exact**2)
        assert error < 0.005
        assert error < 0.1 * least
    squares = np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(x, y, strict=True)])
    np.testing.assert_allclose(found[:, 1], squares, atol=1e-3)


def spec(learner: dict[str, Any], seeds: list[int]) -> dict[str, Any]:
    training = {"steps": 5, "batch": 8, "learning_rate": 0.01, "seeds_per_job": 2, "snapshots": 1}
    return {
        "experiment": "test",
        "variant": "test",
        "name": "learner",
        "seed": 1,
        "seeds": seeds,
        "task": {"kind": "objectives.ObjectiveRegression"},
        "learner": learner | {"training": training},
    }


def test_training_starts_from_the_seeds_last_weights(tmp_path: Path) -> None:
    base = {"kind": "blocks.prompted_transformer", "told": False, "task": {"objective": "l2"}}
    for block in ([2, 3], [0, 1]):
        train.main(spec(base, block), [], tmp_path / f"base.{block[0]}.npz")
    files = [tmp_path / "base.2.npz", tmp_path / "base.0.npz"]
    change = {"kind": "adapters.adapted", "part": "biases", "start": "base", "task": {"objective": "l1"}}
    train.main(spec(change, [1, 2]), files, tmp_path / "change.npz")
    learner, _ = load_learner(tmp_path / "change.npz")
    assert isinstance(learner, Adapted)
    for place, (file, row) in enumerate([(files[1], 1), (files[0], 0)]):
        ended, _ = load_learner(file)
        for snapshot in (0, -1):
            assert eqx.tree_equal(
                jax.tree.map(lambda a: a[snapshot, place], learner.base),  # noqa: B023
                jax.tree.map(lambda a: a[-1, row], ended),  # noqa: B023
            )


def test_a_base_of_other_shapes_is_named(tmp_path: Path) -> None:
    other = {"kind": "blocks.prompted_transformer", "hidden": 32, "told": False}
    train.main(spec(other, [0]), [], tmp_path / "base.npz")
    change = {"kind": "adapters.adapted", "part": "biases", "start": "base"}
    with pytest.raises(StageError, match=r"base\.npz has weights of other shapes"):
        train.main(spec(change, [0]), [tmp_path / "base.npz"], tmp_path / "change.npz")
    with pytest.raises(StageError, match=r"PromptedTransformer has no base for the weights of .*base\.npz"):
        train.main(spec(other | {"start": "base"}, [0]), [tmp_path / "base.npz"], tmp_path / "change.npz")


def test_a_change_is_saved_and_rebuilt(tmp_path: Path) -> None:
    task = {"kind": "objectives.ObjectiveRegression"}
    options = {"kind": "adapters.adapted", "part": "low_rank", "rank": 2, "start": "base"}
    base = prompted_transformer(TASK, jax.random.key(1), told=False)
    learner = start_from(build_learner(options, build_task(task), KEY), base, "file")
    np.testing.assert_array_equal(learner.base.embedding, base.embedding)
    save_learner(tmp_path / "learner.npz", learner, options, task)
    assert eqx.tree_equal(load_learner(tmp_path / "learner.npz")[0], jax.tree.map(np.asarray, learner))


def test_a_change_without_a_base_does_not_predict() -> None:
    learner = adapted(TASK, KEY, part="biases")
    assert jnp.all(jnp.isnan(jax.vmap(learner)(prompts(2))))


def population(learner: Any) -> Population:
    return Population(jax.tree.map(lambda a: jnp.asarray(a, float)[None], learner), [None], None)


def study(tmp_path: Path) -> Study:
    algorithms = {name: objective_descent(TASK, KEY, objective=name) for name in OBJECTIVES}
    fits = {KINDS["exact_margin"][name]: exact_fit(TASK, KEY, objective=name) for name in OBJECTIVES}
    return Study({}, tmp_path, {k: population(v) for k, v in (algorithms | fits).items()}, {})


def test_scores_are_zero_for_scales_and_one_for_the_algorithm(double: None, tmp_path: Path) -> None:
    ruler = _ruler(prompts(64), study(tmp_path), KINDS["margin"])
    home, goal = ruler.algorithms["l2"], ruler.algorithms["l1"]
    grid = jnp.linspace(0.5, 1.5, 1001)
    best = grid[jnp.argmin(jnp.array([ruler.error(scale * home, "l1")[0] for scale in grid]))]
    assert float(ruler.least(home, "l1")[0]) == pytest.approx(
        float(ruler.error(best * home, "l1")[0]), rel=1e-4
    )
    assert float(ruler.score(best * home, home, "l1")[0]) == pytest.approx(0, abs=1e-4)
    assert float(ruler.score(goal, home, "l1")[0]) == pytest.approx(1)


def test_the_dial_turns_the_circuit_all_the_way(double: None, tmp_path: Path) -> None:
    every = study(tmp_path)
    spec = {"task": TASK_SPEC, "variant": "test", "conditions": {"test": {}}}
    found = _ruler(prompts(64), dataclasses.replace(every, spec=spec), KINDS["margin"]).dial()
    assert [float(found[f"score_to_{name}"][0]) for name in ("l1", "linf")] == pytest.approx([1, 1])
    assert max(float(found[f"error_to_{name}"][0]) for name in OBJECTIVES) < 1e-7
    assert float(found["parameters"][0]) == 3 * TASK.steps


def test_the_path_ends_where_it_should() -> None:
    first, last = (prompted_transformer(TASK, jax.random.key(seed)) for seed in (0, 1))
    assert eqx.tree_equal(_between(first, last, 0.0), first)
    assert eqx.tree_equal(_between(first, last, 1.0), last)
    half = _between(first, last, 0.5)
    np.testing.assert_allclose(half.kinds, (first.kinds + last.kinds) / 2, rtol=1e-6)  # type: ignore[attr-defined]


def test_who_follows_what(double: None, tmp_path: Path) -> None:
    """Descent on L2 follows L2, whatever is asked for: right where it is asked, or tied to the property."""
    every = study(tmp_path)
    stored = [prompts(32, ObjectiveRegression(noise=family)) for family in FAMILIES]
    algorithms = [
        [predicted(every.learners[name].learner, seen, name) for name in OBJECTIVES] for seen in stored
    ]
    found = _followed(every.learners["l2"].learner, stored, algorithms)
    assert float(found["follows_asked"][0]) > 0.2
    assert float(found["error_to_asked"][0]) > 0.01
    swapped = [[row[1], row[1], row[1]] for row in algorithms]
    blind = _followed(every.learners["l2"].learner, stored, swapped)
    assert float(blind["error_to_asked"][0]) < 1e-20
