"""What the first layer copies over training, as the source measures it (TLIG, figure 5).

For tokens k = 1 … 2N − 1, labels as inputs, the gradient of the sum of a token's entries after the first
layer with respect to the raw inputs of token s is averaged over prompts, and only then is its norm taken.
`own` is s = k, `next` s = k + 1, and `other` the sum over all s ≠ k, next included, over 2N − 1.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.tlig.shared_slots import SharedSlots, raw_tokens, sensitivities

CURVES = ("own", "next", "other")
METRICS = {
    "sensitivity_norm": Metric("norm of the mean gradient, mean over tokens", ("token",)),
    "largest_sensitivity_norm": Metric("its largest value over training", ("token",)),
}
COLUMNS = {"token": Column("string", "own, next or other")}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learner that is named."""
    return [options["learner"]]


def measure(study: Study, *, learner: LearnerName, prompts: PositiveInt = 2048) -> Iterator[Record]:
    """Rows at every snapshot, and the largest values of each seed."""
    stored, _ = study.prompts(count=prompts)
    populations = [*study.history[learner], study.learners[learner]]
    found = [curves(population.learner, stored) for population in populations]
    for place, token in enumerate(CURVES):
        for population, values in zip(populations, found, strict=True):
            yield from study.rows(learner, population, {"sensitivity_norm": values[place]}, token=token)
        largest = jnp.stack([values[place] for values in found]).max(axis=0)
        yield from study.rows(learner, populations[-1], {"largest_sensitivity_norm": largest}, token=token)


@eqx.filter_jit
def curves(models: Learner, prompts: Prompt) -> tuple[Float[Array, " seeds"], ...]:
    """own, next and other of each seed's model."""

    def each_seed(model: Learner) -> tuple[Array, ...]:
        if not isinstance(model, SharedSlots):
            raise TypeError(f"{type(model).__name__} has no layer that copies between tokens")

        def one(prompt: Prompt) -> Array:
            return sensitivities(model, raw_tokens(in_double(prompt)))

        mean = jax.lax.map(one, prompts, batch_size=256).mean(axis=0)
        norms = jnp.linalg.norm(mean, axis=-1)  # [token, token that is changed]
        return parts(norms)

    return eqx.filter_vmap(each_seed)(models)


def parts(norms: Float[Array, "c t"]) -> tuple[Array, Array, Array]:
    """Means of a table of norms: at the token itself, at the next, and the sum of all others over c."""
    own, following = jnp.diagonal(norms), jnp.diagonal(norms, 1)
    other = (norms.sum(axis=1) - own) / len(norms)
    return own.mean(), following.mean(), other.mean()
