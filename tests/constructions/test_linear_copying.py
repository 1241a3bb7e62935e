"""Linear layers that copy and then step, against numpy from their definition."""

import jax.numpy as jnp
import numpy as np
import pytest

from icgd.constructions.linear_copying import copying_product, linear_induction_layers
from icgd.models.pair_stack import position_codes
from icgd.prompt import Prompt

D, N, M = 2, 3, 2
GENERATOR = np.random.default_rng(3)
ARRAYS = [GENERATOR.normal(size=shape) for shape in ((N, D), (N, M), (D,))]


def test_orthonormal_codes_shift_by_one() -> None:
    """A has a one for each label (row: its input) and nothing else; weights of the query are zero."""
    expected = np.zeros((2 * N + 1, 2 * N + 1))
    for pair in range(N):
        expected[2 * pair, 2 * pair + 1] = 1
    np.testing.assert_allclose(copying_product(np.eye(2 * N + 1)), expected, atol=1e-14)


@pytest.mark.parametrize("codes", [np.eye(2 * N + 1), np.linalg.qr(GENERATOR.normal(size=(7, 7)))[0]])
def test_two_linear_layers_take_one_step(double: None, codes: np.ndarray) -> None:
    model = linear_induction_layers(D, M, codes, 0.3)
    x, y, query = ARRAYS
    prompt = Prompt(*map(jnp.asarray, ARRAYS))
    np.testing.assert_allclose(model(prompt), 0.3 * y.T @ x @ query, rtol=1e-10)
    tokens = np.asarray(model.tokens(prompt))
    np.testing.assert_array_equal(tokens[0::2, :D], [*x, query])
    np.testing.assert_array_equal(tokens[1::2, D : D + M], y)
    copied = tokens + np.asarray(model.copying(jnp.asarray(tokens), jnp.asarray(tokens)))
    np.testing.assert_allclose(copied[1::2, :D], x, atol=1e-12)
    np.testing.assert_allclose(copied[-1], tokens[-1], atol=1e-12)


def test_sinusoids_need_as_many_as_there_are_labels_and_the_query() -> None:
    """Three labels and the query read: two codes are too few, eight are enough."""
    last, reading, read = 2 * N, [1, 3, 5, 6], [0, 2, 4, 6]
    wanted = np.diag([1.0, 1.0, 1.0, 0.0])
    for size, exact in ((2, False), (8, True)):
        codes = position_codes(last + 1, size)
        weights = codes[read] @ copying_product(codes) @ codes[reading].T
        assert (abs(weights - wanted).max() < 1e-6) == exact
