"""Predictions, sensitivities, losses and distances that can be checked by hand."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.descent import GradientDescent
from icgd.algorithms.smoothers import Trivial
from icgd.analysis.distances import Outputs, distances, loss_metrics, outputs, performance, predict
from icgd.prompt import Prompt


def test_outputs_are_predictions_and_their_query_gradients(double: None) -> None:
    generator = np.random.default_rng(0)
    x, y, query = (jnp.asarray(generator.normal(size=s)) for s in ((6, 4, 3), (6, 4, 1), (6, 3)))
    models = eqx.filter_vmap(GradientDescent)(jnp.array([[0.1], [0.2]]))
    found, few = (outputs(models, Prompt(x, y, query), count) for count in (6, 2))
    slope = jnp.einsum("pnm,pnd->pmd", y, x) / 4
    np.testing.assert_allclose(found.sensitivity[1], 0.2 * slope, rtol=1e-12)
    np.testing.assert_allclose(found.prediction[0], 0.1 * jnp.einsum("pmd,pd->pm", slope, query), rtol=1e-12)
    np.testing.assert_allclose(few.prediction, found.prediction, rtol=1e-12)
    np.testing.assert_allclose(few.sensitivity, found.sensitivity[:, :2], rtol=1e-12)
    np.testing.assert_allclose(predict(models, Prompt(x, y, query)), found.prediction, rtol=1e-12)
    assert outputs(Trivial(), Prompt(x, y, query), 2).prediction.shape == (1, 6, 1)


def test_distances_by_hand() -> None:
    ours = Outputs(jnp.array([[[1.0], [2.0]]]), jnp.array([[[[1.0, 0.0]], [[0.0, 2.0]]]]))
    theirs = Outputs(jnp.array([[[1.5], [0.0]]]), jnp.array([[[[0.0, 1.0]], [[0.0, 1.0]]]]))
    found = distances(ours, theirs, jnp.asarray(10.0))
    assert found["prediction_l2"][0] == pytest.approx(1.25)
    assert found["sensitivity_cosine"][0] == pytest.approx(0.5)
    assert found["sensitivity_l2"][0] == pytest.approx((2**0.5 + 1) / 2)


def test_excess_of_the_reference_is_zero_and_certain() -> None:
    values = jnp.asarray(np.random.default_rng(0).exponential(size=(1, 1000)))
    found = loss_metrics(values, values)
    assert found["relative_excess_loss"][0] == 0
    assert found["relative_excess_loss_standard_error"][0] < 1e-6
    assert found["loss_relative_standard_error"][0] == pytest.approx(1 / 1000**0.5, rel=0.1)


def test_diverged_predictions_are_bounded_counted_and_left_out_of_distances() -> None:
    targets = jnp.ones((4, 1))
    wild = jnp.array([[[1.0], [1.5], [jnp.nan], [-1e30]]])
    calm = jnp.ones((1, 4, 1))
    found = performance(wild, calm + 0.5, targets)
    assert found["diverged_fraction"][0] == 0.5
    assert found["loss"][0] == jnp.inf
    np.testing.assert_allclose(found["bounded_loss"], [0.5 * (0 + 0.25 + 81 + 121) / 4], rtol=1e-6)
    slopes = jnp.ones((1, 4, 1, 2))
    apart = distances(Outputs(wild, slopes), Outputs(calm, slopes), jnp.asarray(10.0))
    assert apart["prediction_l2"][0] == pytest.approx(0.25)
    assert apart["sensitivity_cosine"][0] == pytest.approx(1.0)
