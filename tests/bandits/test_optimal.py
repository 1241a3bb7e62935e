"""Values by dynamic programming against brute force over all histories."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

from icgd.bandits.gittins import gittins_table
from icgd.bandits.optimal import check_size, index, states, values
from icgd.bandits.posterior import expected_utility
from icgd.checks import building


@functools.cache
def brute(counts: tuple[int, ...], left: int, objective: str) -> float:
    """The value of the best policy with so many pulls left, by recursion over what can happen."""
    return max(brute_arm(counts, left, objective, arm) for arm in range(len(counts) // 2)) if left else 0.0


def brute_arm(counts: tuple[int, ...], left: int, objective: str, arm: int) -> float:
    wins, losses = counts[2 * arm : 2 * arm + 2]
    mean = (1 + wins) / (2 + wins + losses)
    worth = float(expected_utility(np.array([float(wins)]), np.array([float(losses)]), objective)[0])
    after = []
    for outcome in (0, 1):
        more = list(counts)
        more[2 * arm + outcome] += 1
        after.append(brute(tuple(more), left - 1, objective))
    return worth + mean * after[0] + (1 - mean) * after[1]


@pytest.mark.parametrize("objective", ["max", "min", "target"])
def test_values_are_those_of_brute_force(objective: str) -> None:
    table = values(2, 6, objective)
    assert table.shape == (states(2, 6), 2)
    for counts in ((0, 0, 0, 0), (1, 0, 0, 0), (0, 2, 1, 1), (3, 1, 0, 1)):
        place = int(index(jnp.array(counts), 6))
        expected = [brute_arm(counts, 6 - sum(counts), objective, arm) for arm in range(2)]
        assert table[place] == pytest.approx(expected)


def test_the_least_regret_of_three_arms_and_two_pulls() -> None:
    # After a reward one stays (2/3), after a failure one leaves (1/2).
    assert values(3, 2)[0] == pytest.approx([0.5 + 0.5 * 2 / 3 + 0.5 * 0.5] * 3)


def test_every_state_has_a_place_of_its_own() -> None:
    found = {
        int(index(jnp.array([a, b, c, d]), 4))
        for a in range(4)
        for b in range(4 - a)
        for c in range(4 - a - b)
        for d in range(4 - a - b - c)
    }
    assert found == set(range(states(2, 4)))


def test_too_large_a_table_is_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match=r"5 arms and 60 pulls has .* needs .* GiB"):
        check_size(5, 60)
    task = {"module": "icgd.tasks.bandits", "name": "BernoulliBandit", "options": {"arms": 5, "pulls": 60}}
    spec = {"module": "icgd.algorithms.bandit_rules", "name": "optimal", "options": {}}
    with pytest.raises(ValueError, match="choose fewer arms or pulls"):
        building.build(spec, task, {})


def leave_or_stay(wins: int, losses: int, left: int, known: float) -> tuple[float, float]:
    """The values of leaving for the known arm and of pulling the unknown one once more."""
    if left == 0:
        return 0.0, 0.0
    mean = (1 + wins) / (2 + wins + losses)
    after = [max(leave_or_stay(wins + w, losses + 1 - w, left - 1, known)) for w in (0, 1)]
    return known * left, mean * (1 + after[1]) + (1 - mean) * after[0]


@pytest.mark.parametrize(("left", "wins", "losses"), [(6, 0, 0), (4, 1, 1), (3, 0, 3), (5, 1, 0)])
def test_gittins_index_is_where_brute_force_is_indifferent(left: int, wins: int, losses: int) -> None:
    found = gittins_table(6)[left, wins, losses]
    leave, stay = leave_or_stay(wins, losses, left, found)
    assert leave == pytest.approx(stay, abs=1e-5)
    leave, stay = leave_or_stay(wins, losses, left, found + 0.01)
    assert leave > stay


def test_gittins_index_of_the_last_pull_is_the_posterior_mean() -> None:
    table = gittins_table(6)[1]
    for wins, losses in ((0, 0), (2, 1), (0, 5)):
        assert table[wins, losses] == pytest.approx((1 + wins) / (2 + wins + losses))
