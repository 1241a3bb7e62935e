"""How predictions depend on the labels: degrees of stacks, and defects of learners."""

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from icgd.algorithms.objective_descent import exact_fit
from icgd.analysis.claims import FAILS, HOLDS, judged
from icgd.analysis.study import Population
from icgd.analysis.tidy import table
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.spec.config import load
from icgd.studies.retargeting import measure_linearity
from icgd.studies.retargeting.measure_linearity import (
    defects,
    degree,
    random_prompts,
    random_stack,
    structured_stack,
)
from tests.objectives.test_dial import KEY, TASK, prompts
from tests.studies.retargeting.common import asked, measured, study, values


class Power(Learner):
    """ŷ = (Σ y)^p."""

    power: Float[Array, "*s"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 1"]:
        return (jnp.sum(prompt.y) ** self.power)[None, None]


@pytest.mark.parametrize("depth", [1, 2])
def test_labels_enter_as_polynomials_of_the_stated_degree(double: None, depth: int) -> None:
    drawn = random_prompts(KEY, 8, 2)
    assert degree(random_stack(KEY, depth), drawn, 2 * 3**depth) == 3**depth - 1
    structured = structured_stack(KEY, depth)
    assert degree(structured, drawn, 2 * 3**depth) == 1
    assert float(defects(structured, drawn)["additivity_defect"]) < 1e-13
    assert float(defects(random_stack(KEY, depth), drawn)["additivity_defect"]) > 1e-3


def test_exact_l1_fit_is_homogeneous_but_not_additive(double: None) -> None:
    """Up to the solver's feasibility tolerance of 1e-7."""
    found = defects(exact_fit(TASK, KEY, objective="l1"), prompts(20))
    assert float(found["homogeneity_defect"]) < 1e-6
    assert float(found["additivity_defect"]) > 0.05


@pytest.mark.parametrize("power", [20, 25, 26, 27, 30, 40, 53])
def test_a_degree_above_or_below_that_of_three_layers_is_caught(double: None, power: int) -> None:
    """The nodes of a depth of three see degrees beyond 26, so that the claim can fail on both sides.

    Of tⁿ with large n the highest coefficients of the series are below the threshold of rounding.
    """
    found = degree(Power(jnp.asarray(power)), asked(np.ones((4, 2))), measure_linearity.NODES * 3**3)
    assert found == power if power <= 30 else 30 < found <= power
    claim = load([]).claims["E7.1"].model_dump()
    records = [
        {"experiment": "attained", "learner": "random_stack", "metric": "degree", "depth": 3}
        | {"seed": None, "step": None, "value": float(found)}
    ]
    verdict = judged("E7.1", claim, table(records, measure_linearity.COLUMNS), 0.95)["verdict"]
    assert verdict == (HOLDS if power == 26 else FAILS)


def test_defects_of_seeds_and_of_stacks(double: None) -> None:
    """A square: f(2y) − 2f(y) is f(2y)/2; the defects of a linear learner, the other seed, are zero."""
    stored = asked(np.ones((4, 2)))
    learners = {"powers": Population(Power(jnp.array([1.0, 2.0])), [0, 1], 10)}
    hand = study(learners, stored={"law": stored})
    found = measured(measure_linearity, hand, depths=[1], learners=["powers"], prompts=4)
    sums = np.asarray(stored.y).sum(axis=(1, 2))
    both, other = sums + np.roll(sums, 1), np.roll(sums, 1)
    apart = np.sqrt(np.mean((both**2 - sums**2 - other**2) ** 2) / np.mean(both**4))
    for objective in ("l1", "l2", "linf"):
        at = {"learner": "powers", "objective": objective}
        assert values(found, metric="additivity_defect", **at) == pytest.approx([0, apart])
        assert values(found, metric="homogeneity_defect", **at) == pytest.approx([0, 1])
    assert values(found, learner="random_stack", metric="degree", depth=1) == [2]
    assert values(found, learner="structured_stack", metric="degree", depth=1) == [1]
    for name, make in (("random_stack", random_stack), ("structured_stack", structured_stack)):
        key = hand.key("linearity", 1)
        known = defects(make(key, 1), random_prompts(key, 4, 2))
        ours = values(found, learner=name, metric="stack_additivity_defect", depth=1)
        assert ours == pytest.approx([float(known["additivity_defect"])], abs=1e-15)
