"""Posteriors by quadrature against sampling and closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from icgd.bandits.posterior import (
    best_arm,
    densities,
    exact_nodes,
    expected_utility,
    quadrature,
    tilted,
)

WINS, LOSSES = np.array([3.0, 0.0, 5.0]), np.array([1.0, 0.0, 9.0])


def drawn(count: int = 200_000) -> np.ndarray:
    return np.random.default_rng(1).beta(1 + WINS, 1 + LOSSES, (count, 3))


@pytest.mark.parametrize("objective", ["max", "min", "target"])
def test_probabilities_of_being_best_are_those_of_sampling(objective: str, double: None) -> None:
    samples = drawn()
    best = {
        "max": samples.argmax(axis=1),
        "min": samples.argmin(axis=1),
        "target": np.abs(samples - 0.5).argmin(axis=1),
    }[objective]
    shares = np.bincount(best, minlength=3) / len(samples)
    found = best_arm(jnp.array(WINS), jnp.array(LOSSES), objective)
    assert np.asarray(found) == pytest.approx(shares, abs=5e-3)


def test_few_nodes_are_exact(double: None) -> None:
    few = best_arm(jnp.array(WINS), jnp.array(LOSSES), nodes=exact_nodes(3, 18))
    assert np.asarray(few) == pytest.approx(
        np.asarray(best_arm(jnp.array(WINS), jnp.array(LOSSES))), abs=1e-13
    )


def test_integrals_are_those_of_polynomials() -> None:
    rule = quadrature(5)
    assert rule.weights.sum() == pytest.approx(1)
    assert (3 * rule.nodes**2) @ rule.integrals == pytest.approx(rule.nodes**3)


def test_distribution_functions_are_those_of_beta(double: None) -> None:
    _, below = densities(jnp.array(WINS), jnp.array(LOSSES))
    expected = stats.beta.cdf(quadrature(64).nodes, 1 + WINS[:, None], 1 + LOSSES[:, None])
    assert np.asarray(below) == pytest.approx(expected, abs=1e-10)


def test_a_cue_tilts_by_bayes_rule(double: None) -> None:
    found = tilted(jnp.array([0.5, 0.3, 0.2]), jnp.array(2), 0.8)
    joint = np.array([0.5 * 0.1, 0.3 * 0.1, 0.2 * 0.8])
    assert np.asarray(found) == pytest.approx(joint / joint.sum())
    assert np.asarray(tilted(found, jnp.array(0), 1 / 3)) == pytest.approx(np.asarray(found))


def test_utility_near_a_half_is_that_of_sampling() -> None:
    expected = (1 - np.abs(2 * drawn() - 1)).mean(axis=0)
    assert expected_utility(WINS, LOSSES, "target") == pytest.approx(expected, abs=3e-3)
    assert expected_utility(WINS, LOSSES, "min") == pytest.approx(1 - (1 + WINS) / (2 + WINS + LOSSES))
