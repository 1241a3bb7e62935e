"""What a change makes of a network: its weights, how many of them were trained, and those half-way."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.study import Population
from icgd.learner import Learner
from icgd.models.adapters import Adapted, count


def merged(learners: Learner) -> Learner:
    """A stack of learners with every change made, so that all have one form."""
    if not isinstance(learners, Adapted):
        return learners
    made: Learner = eqx.filter_vmap(lambda learner: learner.merged())(learners)
    return made


def sizes(population: Population) -> tuple[Float[Array, " seeds"], Float[Array, " seeds"]]:
    """The number of parameters that are trained, and its share of the whole network's."""
    learner, seeds = population.learner, len(population.seeds)
    parts = (learner.change, learner.base) if isinstance(learner, Adapted) else (learner, learner)
    trained, whole = count(parts[0]), count(parts[1])
    return jnp.full(seeds, trained / seeds), jnp.full(seeds, trained / whole)


def between(first: Learner, last: Learner, share: float) -> Learner:
    """Learners on the straight path of weights from the first (0) to the last (1)."""
    return jax.tree.map(
        lambda a, b: (1 - share) * a + share * b if eqx.is_inexact_array(a) else a, first, last
    )
