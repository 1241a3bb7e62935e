"""Changes of a network: what they attain, what they cost, parts swapped and the line between."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.analysis.attainment import Ruler
from icgd.analysis.study import Population
from icgd.models.blocks import PromptedTransformer, prompted_transformer
from icgd.prompt import Prompt
from icgd.studies.retargeting import measure_cost, measure_swaps
from icgd.studies.retargeting.changed import BINS, between, merged, parts, psi_slopes, swapped, weights_of
from icgd.tasks.objective_regression import ObjectiveRegression
from tests.studies.retargeting.common import Hand, measured, regression, study, values

TASK = ObjectiveRegression(dimension=2, context_length=7)
SIZES = {"layers": 2, "width": 8, "heads": 2, "hidden": 4}
EXPLICIT = np.array([[0.5, 0.8, -0.5], [0.0, 0.9, -0.2], [-0.5, 0.7, 0.5]])


def network(*readout: float, seed: int = 0) -> PromptedTransformer:
    """One seed of a small model, all of whose readout's entries of a weight are alike."""
    model = prompted_transformer(TASK, jax.random.key(seed), told=False, weighs=True, **SIZES)  # type: ignore[arg-type]
    model = jax.tree.map(lambda a: a.astype(float)[None], model)
    return eqx.tree_at(lambda m: m.readout, model, jnp.tile(jnp.array(readout)[:, None], (1, 1, 8)))


def population(model: PromptedTransformer, step: int = 10) -> Population:
    return Population(model, [0], step)


def place(change: str, objective: str, start: str) -> dict[str, str]:
    return {"change": change, "objective": objective, "start": start}


def hand() -> Hand:
    base, changed, whole = network(0.01, 0.0), network(0.02, -0.01), network(0.03, -0.02, seed=1)
    learners = {"base": population(base)}
    labels: dict[str, Any] = {}
    for objective in ("l1", "linf"):
        for name, model, start in (("all", changed, "base"), ("random_all", whole, "random")):
            learners[f"{name}_to_{objective}"] = population(model)
            labels[f"{name}_to_{objective}"] = place("all", objective, start)
        learners[f"scratch_to_{objective}"] = population(whole)
        labels[f"scratch_to_{objective}"] = place("scratch", objective, "nothing")
    history = {name: [population(base, 0), population(base, 6)] for name in labels}
    stored = {"law": regression()}
    options = {"dimension": 2, "context_length": 7}
    return study(learners, stored=stored, options=options, labels=labels, history=history)


def attained(model: PromptedTransformer) -> np.ndarray:
    return np.asarray(Ruler.of(regression()).attained(weights_of(model, regression())))[0]


def mean_size(model: PromptedTransformer) -> float:
    """The mean |r| that the model leaves on the first four prompts."""
    few = jax.tree.map(lambda a: a[:4], regression())
    fitted = np.einsum("pnd,pd->pn", few.x, np.asarray(weights_of(model, few))[0])
    return float(np.abs(np.asarray(few.y)[..., 0] - fitted).mean())


def without_explicit(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    monkeypatch.setattr(module, "explicit_matrix", lambda *_: jnp.asarray(EXPLICIT))


def test_the_cost_of_a_change(double: None, monkeypatch: pytest.MonkeyPatch) -> None:
    without_explicit(monkeypatch, measure_cost)
    found = measured(measure_cost, hand(), home="base", prompts=6, history_prompts=4)
    base, changed, whole = (
        attained(m) for m in (network(0.01, 0.0), network(0.02, -0.01), network(0.03, -0.02, seed=1))
    )
    at = {"learner": "all_to_l1", **place("all", "l1", "base")}
    assert values(found, metric="changed_attainment", **at, attained="linf") == pytest.approx([changed[2]])
    share = (changed[0] - base[0]) / (whole[0] - base[0])
    assert values(found, metric="share_of_whole", **at) == pytest.approx([share])
    assert values(found, metric="over_control", **at, control="random") == pytest.approx([share - 1])
    worse = {"all_to_l1": jnp.array([0.4]), "random_all_to_l1": jnp.array([-3.0])}
    *_, over = measure_cost._compared(hand(), "all_to_l1", worse)
    assert over["value"] == pytest.approx(0.4)  # the control could have stayed where it was
    score = ((changed[0] - base[0]) / 0.5 + (base[1] - changed[1]) / (0.9 - 0.8)) / 2
    assert values(found, metric="change_score", **at) == pytest.approx([score])
    sizes = sum(a.size for a in jax.tree.leaves(eqx.filter(network(0.0, 0.0), eqx.is_array)))
    assert values(found, metric="trained_parameters", **at) == [sizes]
    assert values(found, learner="base", metric="home_attainment", attained="l2") == pytest.approx([base[1]])
    # All of the change was made after step 6, two thirds of the steps.
    early, late = (mean_size(m) for m in (network(0.01, 0.0), network(0.02, -0.01)))
    assert values(found, metric="late_gain", **at) == pytest.approx([1 - late / early])
    assert values(found, metric="steps_to_most", **at) == ([10] if late < early else [0])
    assert values(found, metric="psi_cosine", **at)[0] <= 1 + 1e-9


def test_reads_are_the_home_its_changes_and_descent() -> None:
    class Trained:
        labels = place("all", "l1", "base")

    class Experiment:
        trained = {"base": type("Base", (), {"labels": {}})(), "all_to_l1": Trained()}
        baselines: dict[str, Any] = {}
        references: dict[str, Any] = {}
        learners: list[str] = []

    assert measure_cost.reads(Experiment(), {"home": "base"}) == ["base", "all_to_l1", "l1", "l2", "linf"]
    options = {"home": "base", "swapped": ["all"], "followed": []}
    assert measure_swaps.reads(Experiment(), options) == ["base", "all_to_l1", "l1", "l2", "linf"]
    options = {"home": "base", "swapped": ["biases"], "followed": []}
    # No change has this name, and no learner has it: the check of the config says so.
    assert measure_swaps.reads(Experiment(), options) == ["base", "biases", "l1", "l2", "linf"]


def test_swaps_and_the_line(double: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks that differ in their readout alone: it brings all, every other part nothing."""
    without_explicit(monkeypatch, measure_swaps)
    shares = [-0.5, 0.0, 0.5, 1.0]
    options: dict[str, Any] = {"home": "base", "swapped": ["all"], "followed": ["all"], "shares": shares}
    found = measured(measure_swaps, hand(), **options, prompts=6)
    at = {"learner": "all_to_l1", "change": "all", "objective": "l1"}
    for part in parts(network(0.0, 0.0)):
        wanted = 1.0 if part == "readout" else 0.0
        for metric in ("swap_gain", "swap_loss"):
            assert values(found, metric=metric, **at, part=part) == pytest.approx([wanted], abs=1e-9)
    assert values(found, learner="base", metric="same_part", change="all") == [1]
    line = [attained(between(network(0.01, 0.0), network(0.02, -0.01), share)) for share in shares]
    for share, known in zip(shares, line, strict=True):
        for index, name in enumerate(("l1", "l2", "linf")):
            here = values(found, metric="path_attainment", **at, share=share, attained=name)
            assert here == pytest.approx([known[index]])
        capability = max(known[0] / 0.5, known[1] / 0.9)
        assert values(found, metric="path_capability", **at, share=share) == pytest.approx([capability])
    falls = max(0.0, *(-np.diff([known[0] for known in line[1:]])))
    assert values(found, metric="largest_fall", **at) == pytest.approx([falls])


def test_parts_are_swapped_one_by_one(double: None) -> None:
    one, other = network(1.0, 1.0), network(2.0, 2.0, seed=1)
    assert parts(one) == ["embedding", "attention_1", "mlp_1", "attention_2", "mlp_2", "readout"]
    both = one
    for part in parts(one):
        both = swapped(both, other, part)
    assert eqx.tree_equal(both, other)
    mixed = swapped(one, other, "mlp_2")
    assert eqx.tree_equal(mixed.blocks[1].mlp, other.blocks[1].mlp)
    assert eqx.tree_equal(mixed.blocks[1].attention, one.blocks[1].attention)


def test_slopes_of_a_linear_predictor_are_flat(double: None) -> None:
    """For w = Xᵀy/N the label of x_j is followed by x_jᵀS x_j/(N‖x_j‖²), 1/N on average for S = I."""

    class Averaging(PromptedTransformer):
        def weights(self, prompt: Prompt) -> Any:
            return (prompt.x.T @ prompt.y[:, 0] / len(prompt.x))[None]

    model = network(0.0, 0.0)
    fields = {name: getattr(model, name) for name in vars(model)}
    made = object.__new__(Averaging)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    drawn, _ = jax.vmap(ObjectiveRegression(dimension=2, context_length=40).sample)(
        jax.random.split(jax.random.key(0), 400)
    )
    slopes = np.asarray(psi_slopes(made, jax.tree.map(lambda a: a.astype(float), drawn)))[0]
    assert slopes.shape == (len(BINS) - 1,)
    np.testing.assert_allclose(slopes, 1, atol=0.1)


def test_merged_leaves_whole_networks_alone() -> None:
    assert merged(network(1.0, 0.0)) is not None
