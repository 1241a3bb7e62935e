"""Measurements of induction heads on models whose attention is a table of weights by distance."""

from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.analysis.study import Population
from icgd.analysis.tidy import rows
from icgd.models.language_model import LanguageModel
from icgd.models.layers import Attention
from icgd.studies.induction import measure_ablation, measure_formation
from icgd.studies.induction.phase_change import steepest_fall
from tests.studies.token_study import LAW, SHIFTED, measured, study_of, values


def reader(weights: Sequence[float]) -> LanguageModel:
    """One linear head that reads the token so many places back with a given weight, whatever it is."""
    nowhere, same = jnp.zeros((1, 3, 3)), jnp.eye(3)[None]
    layer = Attention(nowhere, nowhere, same, same, jnp.asarray([weights], float), causal=True)
    return LanguageModel(jnp.eye(3), (layer,), jnp.eye(3), averaged=False)


def seeds(*weights: Sequence[float], step: int) -> Population:
    models = [reader(row) for row in weights]
    return Population(jax.tree.map(lambda *a: jnp.stack(a), *models), range(len(models)), step)


def losses(maps: np.ndarray, sequences: np.ndarray) -> np.ndarray:
    """Mean cross-entropy at every position if a token adds itself and what it reads to the logits."""
    found = np.zeros((len(sequences), 4))
    for p, tokens in enumerate(sequences):
        for i in range(4):
            logits = np.eye(3)[tokens[i]] + sum(maps[i, j] * np.eye(3)[tokens[j]] for j in range(i + 1))
            found[p, i] = np.log(np.exp(logits).sum()) - logits[tokens[i + 1]]
    return found.mean(axis=0)


def read_maps(weights: Sequence[float]) -> np.ndarray:
    return np.array([[weights[i - j] if j <= i else 0 for j in range(4)] for i in range(4)], float)


def test_ablations_take_the_weight_away_and_share_it_out(double: None, tmp_path: Path) -> None:
    weights = ([1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 0.5, 1.0])
    study = study_of(tmp_path, {"two_layers": seeds(*weights, step=7)})
    found = measured(
        measure_ablation,
        study,
        learners=["two_layers"],
        first=[0, 1],
        second=[2, 4],
        option="period",
        setting=2,
    )
    assert set(found["option"]) == {"period"} and set(found["setting"]) == {"2"} and set(found["step"]) == {7}
    for seed, row in enumerate(weights):
        intact = read_maps(row)
        edited = {"nothing": intact, "head_1": np.zeros((4, 4))}
        for name, distance in (("previous_token", 1), ("two_back", 2)):
            kept = np.where(np.eye(4, k=-distance) == 1, 0, intact)
            edited[name] = kept * intact.sum(axis=1, keepdims=True) / kept.sum(axis=1, keepdims=True)
        assert set(found["ablated"]) == set(edited)
        base = losses(intact, SHIFTED)
        for name, maps in edited.items():
            mine, expected = rows(found, ablated=name), losses(maps, SHIFTED)
            rise = expected - base
            assert values(mine, metric="first_loss")[seed] == pytest.approx(expected[0])
            assert values(mine, metric="second_loss")[seed] == pytest.approx(expected[2:].mean())
            assert values(mine, metric="second_increase")[seed] == pytest.approx(rise[2:].mean())
            if name != "nothing":
                ratio = abs(rise[0] / rise[2:].mean())
                assert values(mine, metric="first_over_second_increase")[seed] == pytest.approx(ratio)
    assert not len(rows(found, ablated="nothing", metric="first_over_second_increase"))


def test_formation_is_told_of_every_snapshot_and_at_the_end(double: None, tmp_path: Path) -> None:
    history = [[4.0, 0.0, 0.0, 0.0], [3.0, 1.0, 0.0, 0.0], [1.0, 3.0, 0.0, 0.0], [0.0, 4.0, 0.0, 0.0]]
    populations = [seeds(row, step=10 * i) for i, row in enumerate(history)]
    study = study_of(tmp_path, {"model": populations[-1]}, {"model": populations[:-1]})
    windows = {"first": [0, 2], "second": [2, 4], "early": [0, 1], "late": [3, 4]}
    found = measured(
        measure_formation, study, **windows, criteria=[0.5, 1.0], option="period", setting=2, prompts=3
    )
    shifted, law = ([losses(read_maps(row), s) for row in history] for s in (SHIFTED, LAW))
    second = [each[2:].mean() for each in shifted]
    assert values(found, metric="second_loss", option="period", setting="2") == pytest.approx(second)
    expected = [each[3] - each[0] for each in law]
    assert values(found, metric="in_context_score", option=None) == pytest.approx(expected)
    # The first token reads itself alone, and does not count.
    shares = [0.0, 0.25, 0.75, 1.0]
    assert values(found, metric="previous_token", layer=1, option="period") == pytest.approx(shares)
    change = rows(found, metric="phase_change_step", option="period")
    assert change["step"].tolist() == [30] and set(change["layer"].isna()) == {True}
    assert change["value"].iloc[0] == steepest_fall(np.arange(0.0, 40, 10), np.array(second))[0]
    for criterion, step in ((0.5, 15.0), (1.0, 30.0)):
        assert values(found, metric="previous_token_step", criterion=criterion) == pytest.approx([step])
        matching = values(found, metric="prefix_matching_step", criterion=criterion)[0]
        assert values(found, metric="previous_token_lead", criterion=criterion) == pytest.approx(
            [matching - step]
        )
