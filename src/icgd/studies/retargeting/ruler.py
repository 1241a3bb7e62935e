"""How far a learner is from the algorithm of an objective, and the score of a knob.

The error to an algorithm is MSE / mean(ŷ²) of its predictions. With E₀ the error of a network at its home,
descent on L2, under the best rescaling of its output, and E that after a knob was turned to an objective, the
knob's score is 1 − E/E₀: 0 for what rescaling alone does, 1 for the algorithm itself.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.study import Study
from icgd.prompt import Prompt
from icgd.studies.retargeting.knobs import answers

DESCENT = {"l1": "l1", "l2": "l2", "linf": "linf"}
FITS = {"l1": "lad", "l2": "least_squares", "linf": "chebyshev"}
"""The algorithms of each objective: descent, and the exact fit."""


def relative_error(ours: Float[Array, "seeds p"], theirs: Float[Array, "one p"]) -> Float[Array, " seeds"]:
    """MSE of the predictions over the mean square of theirs."""
    return jnp.mean((ours - theirs) ** 2, axis=1) / jnp.mean(theirs**2)


class Ruler(NamedTuple):
    """What the algorithm of each objective predicts on the same prompts, and its name."""

    names: Mapping[str, str]
    predictions: Mapping[str, Float[Array, "one p"]]

    @classmethod
    def of(cls, study: Study, stored: Prompt, names: Mapping[str, str]) -> "Ruler":
        """The ruler of algorithms that are named by objective."""
        return cls(names, {o: answers(study.learners[name].learner, stored, o) for o, name in names.items()})

    def error(self, ours: Float[Array, "seeds p"], objective: str) -> Float[Array, " seeds"]:
        """The error to the algorithm of an objective."""
        return relative_error(ours, self.predictions[objective])

    def least(self, ours: Float[Array, "seeds p"], objective: str) -> Float[Array, " seeds"]:
        """The error at the best scale of the predictions: 1 − ⟨ŷ a⟩²/(⟨ŷ²⟩⟨a²⟩)."""
        theirs = self.predictions[objective]
        shared = jnp.mean(ours * theirs, axis=1) ** 2
        return 1 - shared / (jnp.mean(ours**2, axis=1) * jnp.mean(theirs**2))

    def score(
        self, ours: Float[Array, "seeds p"], home: Float[Array, "homes p"], objective: str
    ) -> Float[Array, " seeds"]:
        """1 − E/E₀ of answers after a knob was turned, `home` being those before."""
        return 1 - self.error(ours, objective) / self.least(home, objective)
