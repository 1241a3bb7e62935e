"""Changes of a part of a network."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.models.adapters import CHANGES, Adapted, adapted, count
from icgd.models.blocks import prompted_transformer
from icgd.prompt import Prompt
from icgd.results.job import Artefact
from icgd.spec.build import build_learner, build_task, load_learner, save_learner, start_from
from icgd.tasks.objective_regression import ObjectiveRegression
from tests.prompts import answers_of, drawn_from

KEY = jax.random.key(0)
TASK = ObjectiveRegression()


def prompts(count: int) -> Prompt:
    return drawn_from(TASK, KEY, count)[0]


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_starts_at_nothing_and_leaves_the_base_alone(part: Any) -> None:
    learner, stored = adapted(TASK, KEY, part=part, random=True), prompts(4)
    base = answers_of(learner.base, stored)
    np.testing.assert_allclose(answers_of(learner, stored), base, rtol=1e-6)

    def loss(learner: Adapted) -> jax.Array:
        return jnp.mean((answers_of(learner, stored) - 1) ** 2)

    slopes = eqx.filter_grad(loss)(learner)
    assert all(not jnp.any(leaf) for leaf in jax.tree.leaves(slopes.base))
    assert any(jnp.any(leaf) for leaf in jax.tree.leaves(slopes.change))
    moved = eqx.apply_updates(learner, jax.tree.map(lambda g: -1e-4 * g, slopes))
    assert float(jnp.abs(answers_of(moved, stored) - base).max()) > 0
    assert float(loss(moved)) < float(loss(learner))


def test_numbers_of_parameters() -> None:
    parts: list[Any] = list(CHANGES)
    sizes = {part: count(adapted(TASK, KEY, part=part).change) for part in parts}
    base = count(adapted(TASK, KEY, part="all").base)
    assert sizes["output_scale"] == 1
    assert sizes["vector"] == 64
    assert sizes["vectors"] == 4 * 64
    assert sizes["biases"] == 4 * (128 + 64)
    assert sizes["gains"] == 4 * 4 * 64
    assert sizes["attention"] == 4 * 4 * 64 * 64
    assert sizes["all"] == base
    assert count(adapted(TASK, KEY, part="subspace", size=7).change) == 7
    one, four = (count(adapted(TASK, KEY, part="low_rank_mlp", rank=rank).change) for rank in (1, 4))
    assert one == 4 * 2 * (64 + 128)
    assert four == 4 * one


def test_a_subspace_moves_every_weight_by_one_of_its_numbers() -> None:
    learner = adapted(TASK, KEY, part="subspace", size=3, random=True)
    numbers = jnp.array([1.0, 2.0, 4.0])
    merged = eqx.tree_at(lambda m: m.change, learner, [numbers]).merged()
    apart = np.abs(np.asarray(merged.blocks[1].mlp.inner - learner.base.blocks[1].mlp.inner))
    sizes, counts = np.unique(np.round(apart, 4), return_counts=True)
    assert sizes.tolist() == [1, 2, 4]
    assert min(counts) > 0.3 * apart.size
    other = merged.blocks[0].mlp.inner - learner.base.blocks[0].mlp.inner
    assert not np.allclose(apart, np.abs(other))


def test_a_subspace_is_the_same_in_both_precisions() -> None:
    """Training is in single precision, measurements are in double."""
    learner = adapted(TASK, KEY, part="subspace", size=5, random=True)
    learner = eqx.tree_at(lambda m: m.change, learner, [jnp.arange(1.0, 6.0)])
    single = jax.tree.map(np.asarray, eqx.filter(learner.merged(), eqx.is_array))
    with jax.enable_x64(True):
        double = jax.tree.map(lambda a: jnp.asarray(a, float) if eqx.is_array(a) else a, learner).merged()
        assert double.readout.dtype == jnp.float64
        apart = [np.abs(a - b).max() for a, b in zip(*map(jax.tree.leaves, (single, double)), strict=True)]
    assert max(apart) < 1e-5


def test_a_change_of_rank_one_is_one() -> None:
    learner = adapted(TASK, KEY, part="low_rank_mlp", random=True)
    change = jax.tree.map(lambda a: a + 1.0, learner.change)
    merged = eqx.tree_at(lambda m: m.change, learner, change).merged()
    apart = merged.blocks[1].mlp.inner - learner.base.blocks[1].mlp.inner
    assert np.linalg.matrix_rank(np.asarray(apart), tol=1e-3) == 1


def test_a_change_is_saved_and_rebuilt(tmp_path: Path) -> None:
    task = {"module": "icgd.tasks.objective_regression", "name": "ObjectiveRegression", "options": {}}
    options = {"part": "low_rank_mlp", "rank": 2}
    spec = {"module": "icgd.models.adapters", "name": "adapted", "options": options}
    base = prompted_transformer(TASK, jax.random.key(1), told=False, weighs=True)
    learner = start_from(build_learner(spec, build_task(task), KEY), base, "file")
    np.testing.assert_array_equal(learner.base.embedding, base.embedding)
    save_learner(tmp_path / "learner.npz", learner, spec, task, "digest")
    found, _ = load_learner(Artefact(tmp_path / "learner.npz", "digest"))
    assert eqx.tree_equal(found, jax.tree.map(np.asarray, learner))


def test_a_change_without_a_base_does_not_predict() -> None:
    learner = adapted(TASK, KEY, part="biases")
    assert jnp.all(jnp.isnan(jax.vmap(learner)(prompts(2))))
