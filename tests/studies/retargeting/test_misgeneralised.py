"""Pursuit of what is told or of what is cued, by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from icgd.studies.retargeting.measure_misgeneralised import pursued, verdict

EXPLICIT = jnp.array([[0.5, 0.9, -0.5], [0.0, 1.0, -0.1], [-0.5, 0.8, 0.6]])


def told_l1_cued_linf(*rows: list[float]) -> dict[str, np.ndarray]:
    pair = pursued(jnp.array(rows), EXPLICIT, 0, 2)
    return {name: np.asarray(value) for name, value in (pair | verdict(pair)).items()}


def test_three_kinds_of_networks() -> None:
    """Descent on the told, on the cued, and one that is half-way to the cued and attains little of it."""
    found = told_l1_cued_linf([0.5, 0.9, -0.5], [-0.5, 0.8, 0.6], [-0.6, 0.5, 0.2])
    np.testing.assert_allclose(found["pursues_told"], [1, 0, -0.1], atol=1e-6)
    np.testing.assert_allclose(found["pursues_cued"], [0, 1, 0.7 / 1.1], atol=1e-6)
    np.testing.assert_allclose(found["capability"], [1, 1, 1 / 3], rtol=1e-5)
    assert found["does_as_told"].tolist() == [1, 0, 0]
    assert found["misgeneralised"].tolist() == [0, 1, 0]
    assert found["incapable"].tolist() == [0, 0, 1]


@pytest.mark.parametrize("attained", [[0.2, 0.9, -0.4], [0.0, 0.0, 0.0], [0.9, 1.0, 0.9]])
def test_a_network_is_of_one_kind(attained: list[float]) -> None:
    found = told_l1_cued_linf(attained)
    assert sum(found[kind][0] for kind in ("does_as_told", "misgeneralised", "incapable")) == 1
