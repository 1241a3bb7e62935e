"""Learners of one form as one stack, and how far other algorithms are beyond the nearest."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.descent import GradientDescent
from icgd.algorithms.least_squares import ConjugateGradient
from icgd.algorithms.spectral_filters import RidgeFilter
from icgd.analysis import distances
from icgd.analysis.distances import outputs, outputs_of
from icgd.analysis.nearest import beyond_nearest
from icgd.analysis.study import alone
from icgd.learner import Learner
from icgd.prompt import Prompt


def test_learners_of_one_form_are_evaluated_together(double: None, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    prompts = Prompt(*(jnp.asarray(generator.normal(size=s)) for s in ((6, 4, 3), (6, 4, 1), (6, 3))))
    learners: dict[str, Learner] = {
        "weak": eqx.filter_vmap(RidgeFilter)(jnp.array([0.1])),
        "steps": eqx.filter_vmap(GradientDescent)(jnp.array([[0.1], [0.2]])),
        "strong": eqx.filter_vmap(RidgeFilter)(jnp.array([2.0, 3.0])),
        "cg": ConjugateGradient(2),
        "deeper": ConjugateGradient(3),
        "longer": alone(GradientDescent(jnp.array([0.1, 0.2]))).learner,
    }
    stacks = []

    def counted(learner: Learner, *arguments: object) -> object:
        stacks.append(learner)
        return outputs(learner, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(distances, "outputs", counted)
    found = outputs_of(learners, prompts, 3)
    assert len(stacks) == 5
    for name, learner in learners.items():
        expected = outputs(learner, prompts, 3)
        np.testing.assert_allclose(found[name].prediction, expected.prediction, rtol=1e-12)
        np.testing.assert_allclose(found[name].sensitivity, expected.sensitivity, rtol=1e-12)
    assert found["strong"].prediction.shape == (2, 6, 1)


def test_gaps_to_the_nearest_are_paired_by_prompt() -> None:
    """Distances of the first seed: 1, 3 to one and 1.5, 4.5 to the other; the second seed is the other."""
    ours = jnp.array([[[0.0], [0.0], [50.0]], [[1.5], [4.5], [0.0]]])
    theirs = [jnp.array([[[1.0], [3.0], [0.0]]]), jnp.array([[[1.5], [4.5], [0.0]]])]
    gap, error = beyond_nearest(ours, theirs, jnp.asarray(10.0))
    np.testing.assert_allclose(gap, np.array([[0.0, 2 / 3], [1.0, 0.0]]), atol=1e-6)
    np.testing.assert_allclose(error[:, 0], np.array([0.0, 0.5 / np.sqrt(2)]), atol=1e-6)
    assert float(error[0, 1]) == pytest.approx(float(np.std([0.5, 1.5, 0.0])) / 3**0.5, rel=1e-6)
