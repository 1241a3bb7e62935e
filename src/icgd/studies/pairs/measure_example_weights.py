"""How much a learner lets an example count, as a function of the example's length.

One gradient step on losses g(‖x_j‖²)·½‖W x_j − y_j‖² has ∂ŷ/∂y_j = (η/N) g(‖x_j‖²) x_jᵀx_q. For any
learner the regression of ∂ŷ/∂y_j on x_jᵀx_q, over examples of similar length, estimates g.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import chunks, in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveFloat, PositiveInt

METRICS = {
    "relative_example_weight": Metric("g of examples of like length over that of all", ("squared_norm",)),
}
COLUMNS = {"squared_norm": Column("Float64", "middle of a bin of ‖x_j‖²")}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(
    study: Study, *, learners: list[LearnerName], edges: list[PositiveFloat], prompts: PositiveInt = 8192
) -> Iterator[Record]:
    """The weight between neighbouring `edges` of ‖x‖², relative to the weight over all examples."""
    stored, _ = study.prompts(count=prompts)
    for name in learners:
        population = study.learners[name]
        parts = [
            _sums(population.learner, part, jnp.asarray(edges)) for part in chunks(stored, 0, len(stored.y))
        ]
        sums = jnp.stack(parts).sum(axis=0)
        weights = sums[:, 0] / sums[:, 1]
        overall = sums[:, 0].sum(axis=1) / sums[:, 1].sum(axis=1)
        for index, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
            relative = {"relative_example_weight": weights[:, index] / overall}
            middle = round((low + high) / 2, 9)  # 0.3 rather than 0.30000000000000004
            yield from study.rows(name, population, relative, squared_norm=middle)


@eqx.filter_jit
def _sums(
    learners: Learner, prompts: Prompt, edges: Float[Array, " edges"]
) -> Float[Array, "seeds two bins"]:
    """Σ (∂ŷ/∂y_j)(x_jᵀx_q) and Σ (x_jᵀx_q)² over the examples of each bin, for the first output."""

    def one(learner: Learner, prompt: Prompt) -> tuple[Array, Array, Array]:
        def predicted(y: Array) -> Array:
            return learner(Prompt(prompt.x, y, prompt.query))[0]

        return jax.grad(predicted)(prompt.y)[:, 0], prompt.x @ prompt.query, jnp.sum(prompt.x**2, axis=1)

    def each_seed(learner: Learner) -> Array:
        slope, inner, squared = (a.ravel() for a in jax.vmap(lambda p: one(learner, p))(in_double(prompts)))
        inside = (squared[:, None] >= edges[:-1]) & (squared[:, None] < edges[1:])
        return jnp.stack([slope * inner, inner**2]) @ inside

    return eqx.filter_vmap(each_seed)(learners)
