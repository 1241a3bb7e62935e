"""The score of a knob, on matrices whose score is known."""

import jax.numpy as jnp
import numpy as np
import pytest

from icgd.analysis.retargetability import gains, matrix, retargetability

EXPLICIT = jnp.array([[0.5, -1.0, -2.0], [0.1, 0.0, 0.2], [-1.0, -2.0, 0.6]])
"""Rows: the objective asked for; columns: what is attained of each."""
COST = {"parameters": 0, "steps": 0}


def test_the_explicit_optimiser_scores_one() -> None:
    found = retargetability(EXPLICIT, EXPLICIT, **COST)
    assert float(found.score) == 1.0
    np.testing.assert_allclose(found.pairs, 1 - np.eye(3))
    np.testing.assert_allclose(found.margins, [0.4, 1.0, 0.4])
    assert found.real(0.3).all() and list(found.real(0.5)) == [False, True, False]


def test_one_that_does_not_listen_scores_zero() -> None:
    deaf = jnp.broadcast_to(EXPLICIT[1], (3, 3))
    found = retargetability(deaf, EXPLICIT, **COST)
    assert float(found.score) == 0.0 and not found.real().any()


def test_one_that_pursues_another_objective_than_the_one_asked_for_scores_less_than_zero() -> None:
    assert float(retargetability(EXPLICIT[jnp.array([1, 2, 0])], EXPLICIT, **COST).score) < 0


def test_two_objectives_by_hand_for_every_seed() -> None:
    explicit = jnp.array([[1.0, 0.0], [0.0, 2.0]])
    ours = jnp.stack([jnp.array([[0.5, 0.0], [0.0, 0.5]]), explicit])
    found = retargetability(ours, explicit, parameters=7, steps=300)
    np.testing.assert_allclose(found.score, [(0.5 + 0.25) / 2, 1.0])
    np.testing.assert_allclose(found.pairs[0], [[0, 0.25], [0.5, 0]])
    assert (found.parameters, found.steps) == (7, 300)


def test_the_matrix_of_a_knob_has_what_is_asked_for_in_rows() -> None:
    attained = {"a": jnp.array([1.0, 2.0]), "b": jnp.array([3.0, 4.0])}
    np.testing.assert_array_equal(matrix(lambda asked: attained[asked], ("a", "b")), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(gains(jnp.array([[1.0, 2.0], [3.0, 5.0]])), [[0, 3], [-2, 0]])


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 1)])
def test_a_matrix_that_is_not_square_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected .*asked, attained"):
        gains(jnp.zeros(shape))


def test_explicit_algorithms_that_do_not_optimise_are_refused() -> None:
    poor = EXPLICIT.at[1, 0].set(0.6)
    with pytest.raises(ValueError, match="objective 0 attains no more of it than that of objective 1"):
        retargetability(EXPLICIT, poor, **COST)
    with pytest.raises(ValueError, match="shape"):
        retargetability(EXPLICIT[:2, :2], EXPLICIT, **COST)


def test_ruin_can_score_above_one_so_the_score_is_read_beside_what_is_attained() -> None:
    ruined = EXPLICIT.at[1, 0].add(-50.0)  # asked for the second, it loses all of the first
    assert float(retargetability(ruined, EXPLICIT, **COST).score) > 1
