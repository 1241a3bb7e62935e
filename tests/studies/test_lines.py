"""Lines in context: the law whose best layer is a gradient step, and the effect of rounding weights."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.descent import GradientDescent
from icgd.prompt import Prompt
from icgd.studies.lines import measure_rounding
from icgd.studies.lines.lines import Lines, line_descent, line_stack, line_step
from icgd.writeup.companion import rounded
from tests.by_hand import hand_made, measured
from tests.prompts import drawn_from
from tests.studies.handmade import seeds


def test_the_best_layer_is_a_step_with_one_rate() -> None:
    """With E u⁴ = 9/5 s⁴ for a uniform law, both entries of E[S²]⁻¹ E[S] are the step's rate."""
    task = Lines(context_length=8)
    s2, n = task.variance, 8
    assert s2 == pytest.approx(7 / 7.8)
    slope = (1 - 1 / n) * s2**2 + (9 / 5 * s2**2 + s2) / n
    height = (1 - 1 / n) + (s2 + 1) / n
    step = line_step(task, jax.random.key(0))
    assert s2 / slope == pytest.approx(1 / height)
    assert step.learning_rates.tolist() == pytest.approx([1 / height])


def test_points_lie_on_a_line_within_reach() -> None:
    task = Lines(context_length=5)
    prompts, targets = drawn_from(task, jax.random.key(1), 2000)
    u, one = prompts.x[..., 0], prompts.x[..., 1]
    assert prompts.x.shape == (2000, 5, 2)
    assert bool((one == 1).all())
    assert float(abs(u).max()) <= task.reach
    assert float(u.var()) == pytest.approx(task.variance, rel=0.05)
    slope = (prompts.y[:, 1, 0] - prompts.y[:, 0, 0]) / (u[:, 1] - u[:, 0])
    on_line = prompts.y[:, 0, 0] + slope * (prompts.query[:, 0] - u[:, 0])
    assert np.median(abs(on_line - targets[:, 0])) < 1e-5


def test_one_point_makes_no_line() -> None:
    with pytest.raises(ValueError, match="two points"):
        Lines(context_length=1)


def test_learners_are_of_the_problem_with_two_inputs() -> None:
    task, key = Lines(context_length=8), jax.random.key(0)
    stack = line_stack(task, key, layers=2)
    assert [layer.key.shape for layer in stack.layers] == [(1, 3, 3)] * 2
    assert line_descent(task, key, steps=3).normaliser == 8


def test_rounding_is_relative_to_the_answers(tmp_path: Path, double: None) -> None:
    """A rate of 0.1 is 0.0999755859375 in 16 bits; one of 0.5 is exact."""
    learners = [GradientDescent(jnp.asarray([rate])) for rate in (0.1, 0.5)]
    prompts = Prompt(jnp.ones((2, 1, 1)), jnp.ones((2, 1, 1)), jnp.ones((2, 1)))
    study = hand_made(tmp_path, {"model": seeds(*learners)}, prompts, [[2.0], [2.0]])
    found = measured(measure_rounding, study, learners=["model"], prompts=2)
    assert found["value"].tolist() == pytest.approx([1 - 0.999755859375, 0.0])
    assert rounded(learners[0]).learning_rates.dtype == jnp.float64
