"""What the measurements of induction heads are made of: edits, windows, phase changes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.smoothers import Trivial
from icgd.analysis.study import alone
from icgd.models.language_model import language_model
from icgd.studies.induction.measure_ablation import edits, masked
from icgd.studies.induction.model_scores import language_models, window
from icgd.studies.induction.phase_change import formation, formation_step, phase_change, steepest_fall
from icgd.tasks.token_sequences import TiledSegments

KEY = jax.random.key(3)
SMALL = TiledSegments(vocabulary=5, length=12, shortest=2, longest=6)


def test_edits_act_on_their_layer_alone() -> None:
    model, prompt = language_model(SMALL, KEY, kernels=["softmax", "softmax"], width=8), SMALL.sample(KEY)[0]
    intact, found = model.trace(prompt), model.trace(prompt, masked(0, 1))
    np.testing.assert_allclose(found.maps[0].sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(jnp.diagonal(found.maps[0], -1), 0)
    without = model.trace(prompt, edits(2)["head_2"])
    np.testing.assert_allclose(without.logits[1], intact.logits[0], atol=1e-6)
    np.testing.assert_allclose(model.trace(prompt, edits(2)["nothing"]).logits, intact.logits)


def test_phase_change_and_formation() -> None:
    steps = np.arange(0.0, 210, 10)
    one = 1 / (1 + np.exp((steps - 85) / 10))
    middle, rival = steepest_fall(steps, one)
    assert middle == 85 and rival < 0.5
    two = one + 1 / (1 + np.exp((steps - 165) / 10))
    assert steepest_fall(steps, two)[1] > 0.9
    assert formation_step(steps, 1 - one, 0.5) == pytest.approx(85, abs=1)
    assert formation_step(steps, steps, 0.25) == pytest.approx(50)
    found = phase_change(steps, np.stack([one, two], axis=1))
    assert found["phase_change_step"][0] == 85 and found["phase_change_rival"][1] > 0.9


def test_leads_are_counted_from_the_matching() -> None:
    steps = np.array([0.0, 10.0, 20.0])
    early, late = np.array([[0.0], [1.0], [1.0]]), np.array([[0.0], [0.0], [1.0]])
    curves = {"previous_token": early, "previous_token_largest": late, "prefix_matching": late}
    found = formation(steps, curves, 0.5)
    assert {name: value.tolist() for name, value in found.items()} == {
        "previous_token_step": [5.0],
        "previous_token_largest_step": [15.0],
        "prefix_matching_step": [15.0],
        "previous_token_lead": [10.0],
        "previous_token_largest_lead": [0.0],
    }


def test_windows_lie_within_the_sequence() -> None:
    losses = jnp.arange(8.0)[None]
    assert window(losses, [2, 4]) == 2.5
    with pytest.raises(ValueError, match="not within the 8 positions"):
        window(losses, [4, 9])


def test_only_language_models_have_heads_to_be_scored() -> None:
    with pytest.raises(TypeError, match="zero is a Trivial"):
        language_models("zero", alone(Trivial()))
