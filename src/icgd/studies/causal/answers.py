"""What learners answer after each example of many sequences, and how far apart two answers are."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.distances import bounded, chunks, diverged, divergence_bound, in_double
from icgd.analysis.study import Population
from icgd.learner import Learner
from icgd.prompt import Prompt


class Apart(NamedTuple):
    """Sizes of the differences of two answers on every prompt, zero and not `kept` where one diverged."""

    sizes: Float[Array, "seeds p n"]
    kept: Float[Array, "seeds p n"]

    @property
    def mean(self) -> Float[Array, "seeds n"]:
        """Over the prompts that are kept."""
        return self.sizes.sum(axis=1) / self.kept.sum(axis=1)


@eqx.filter_jit
def _answers(population: Learner, prompts: Prompt) -> Float[Array, "seeds p n m"]:
    def each(learner: Learner) -> Array:
        return jax.vmap(learner)(in_double(prompts))

    return eqx.filter_vmap(each)(population)


def answers(population: Population, prompts: Prompt) -> Float[Array, "seeds p n m"]:
    """The predictions of each seed's learner after each of the n examples of each prompt."""
    found = [_answers(population.learner, chunk) for chunk in chunks(prompts, 0, len(prompts.y))]
    return jnp.concatenate(found, axis=1)


def bound_of(targets: Float[Array, "p n m"]) -> Float[Array, ""]:
    """The size beyond which a prediction at any position counts as diverged."""
    return divergence_bound(targets.reshape(-1, targets.shape[-1]))


@jax.jit
def mean_losses(
    found: Float[Array, "seeds p n m"], targets: Float[Array, "p n m"]
) -> Float[Array, "seeds n"]:
    """½‖ŷ − y‖² with predictions bounded, mean over prompts."""
    errors = bounded(found, bound_of(targets)) - targets
    return 0.5 * jnp.sum(errors**2, axis=-1).mean(axis=1)


@jax.jit
def apart(
    ours: Float[Array, "seeds p n m"], theirs: Float[Array, "one p n m"], targets: Float[Array, "p n m"]
) -> Apart:
    """‖ŷ − ŷ_ref‖ in units of the mean ‖y‖."""
    bound = bound_of(targets)
    kept = ~(diverged(ours, bound) | diverged(theirs, bound))
    sizes = jnp.linalg.norm(ours - theirs, axis=-1) / jnp.mean(jnp.linalg.norm(targets, axis=-1))
    return Apart(jnp.where(kept, sizes, 0.0), kept.astype(float))


@jax.jit
def told_apart(near: Apart, far: Apart) -> Float[Array, "seeds n"]:
    """1 where the far answer is further by more than two standard errors over prompts, else 0; paired."""
    both = near.kept * far.kept
    count = both.sum(axis=1)
    difference = jnp.where(both > 0, far.sizes - near.sizes, 0.0)
    mean = difference.sum(axis=1) / count
    variance = jnp.sum(both * (difference - mean[:, None]) ** 2, axis=1) / count
    return (mean > 2 * jnp.sqrt(variance / count)).astype(float)
