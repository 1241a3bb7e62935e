"""Rate and shrinkage in the weights of a looped layer, beside those of GD++ (TLIG, appendix A.10)."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.algorithms.descent import GradientDescentPlusPlus
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.models.attention_stack import Transformer
from icgd.ranges import LearnerName, PositiveInt

METRICS = {
    "rate_per_example": Metric("η/N of the label's step"),
    "shrinkage_per_example": Metric("γ/N: inputs become (I − γ/N XᵀX) x"),
    "smallest_eigenvalue": Metric("of XᵀX, over all prompts"),
    "largest_eigenvalue": Metric("of XᵀX, over all prompts"),
}
COLUMNS: Mapping[str, Column] = {}
OTHERS = ("inputs",)


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The layer and GD++."""
    return [options["learner"], options["algorithm"]]


def measure(
    study: Study, *, learner: LearnerName, algorithm: LearnerName, prompts: PositiveInt = 8192
) -> Iterator[Record]:
    """One row for each of the two, and the extreme eigenvalues of the prompts."""
    stored, _ = study.prompts(count=prompts)
    population, rival = study.learners[learner], study.learners[algorithm]
    if not isinstance(rival.learner, GradientDescentPlusPlus):
        raise TypeError(f"{algorithm} is {type(rival.learner).__name__}; expected GD++")
    rate, shrinkage = population.map(read_off)
    names = ("rate_per_example", "shrinkage_per_example")
    yield from study.rows(learner, population, dict(zip(names, (rate, shrinkage), strict=True)))
    n = rival.learner.normaliser
    both = (rival.learner.learning_rates[:, 0] / n, rival.learner.shrinkages[:, 0] / n)
    yield from study.rows(algorithm, rival, dict(zip(names, both, strict=True)))
    x = stored.x.astype(float)
    eigenvalues = jnp.linalg.eigvalsh(jnp.swapaxes(x, 1, 2) @ x)
    extremes = {"smallest_eigenvalue": eigenvalues.min(), "largest_eigenvalue": eigenvalues.max()}
    yield from study.rows("inputs", None, extremes)


def read_off(model: Transformer) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """η/N and γ/N of the first layer: the diagonal of P·V, once KᵀQ is scaled to one on the inputs."""
    if not isinstance(model, Transformer):
        raise TypeError(f"{type(model).__name__} has no layers of attention alone")
    bilinear, write = jax.tree.map(lambda a: a[0], model.layers[0].products())
    scale = jnp.mean(jnp.diag(bilinear)[:-1])
    moved = -scale * jnp.diag(write)
    return moved[-1], jnp.mean(moved[:-1])
