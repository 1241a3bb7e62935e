"""How far a learner with a knob can be given another objective, beside an explicit optimiser.

A knob is whatever sets the objective: a prompt, a dial, some of the weights. Turning it to each objective o′
and measuring what is attained of each objective o gives a square matrix a[o′, o] in which more is better,
such as attainments (`icgd.analysis.attainment`) or utilities. That is all that the score needs:

    mean over ordered pairs o ≠ o′ of  (a[o, o] − a[o′, o]) / (e[o, o] − e[o′, o]),

e being the matrix of the explicit algorithms: 1 for an optimiser that listens as they do, 0 for one that
attains the same whatever is asked. It is of differences: a knob that ruins the learner for o′ where the
explicit algorithm for it does not scores above 1, so it is read beside the attainments. For example, with a
learner that can be asked for three objectives:

    >>> ours = matrix(lambda asked: attained(ask(learner, asked)), ("l1", "l2", "linf"))
    >>> theirs = matrix(lambda asked: attained(algorithms[asked]), ("l1", "l2", "linf"))
    >>> retargetability(ours, theirs).score
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Retargetability(NamedTuple):
    """The score of a knob, of each pair of objectives and in all, with what turning it costs."""

    score: Float[Array, "*seeds"]
    """The mean of `pairs` off the diagonal."""
    pairs: Float[Array, "*seeds o o"]
    """[o′, o]: what asking for o, not o′, gains of o, relative to the explicit algorithms; 0 for o′ = o."""
    margins: Float[Array, "*seeds o"]
    """The least gain of each objective by asking for it: min over o′ of a[o, o] − a[o′, o]."""
    parameters: int
    """How many numbers the knob is; 0 for a prompt."""
    steps: int
    """How many steps of training turn it; 0 for a prompt or a dial."""

    def real(self, margin: float = 0.0) -> Bool[Array, "*seeds o"]:
        """Whether asking for an objective attains more of it, by the margin, than asking for any other."""
        return self.margins > margin


def matrix(attained: Callable[[str], Float[Array, "*seeds o"]], objectives: Sequence[str]) -> Array:
    """a[..., o′, o] from a function that turns the knob to o′ and measures all objectives, in their order."""
    return jnp.stack([attained(asked) for asked in objectives], axis=-2)


def gains(values: Float[Array, "..."]) -> Float[Array, "..."]:
    """[o′, o]: a[o, o] − a[o′, o], what asking for o gains of it over asking for o′."""
    values = jnp.asarray(values, float)
    if values.ndim < 2 or values.shape[-1] != values.shape[-2] or values.shape[-1] < 2:
        raise ValueError(
            f"the values have shape {values.shape}; expected [..., asked, attained] with as many objectives "
            "asked for as are measured, two at least"
        )
    return jnp.diagonal(values, axis1=-2, axis2=-1)[..., None, :] - values


def own_gains(values: Float[Array, "..."]) -> Float[Array, "..."]:
    """The least gain of each objective by asking for it: min over o′ ≠ o of a[o, o] − a[o′, o]."""
    ours = gains(values)
    return jnp.min(jnp.where(jnp.eye(ours.shape[-1], dtype=bool), jnp.inf, ours), axis=-2)


def retargetability(
    values: Float[Array, "*seeds a b"], explicit: Float[Array, "c d"], *, parameters: int = 0, steps: int = 0
) -> Retargetability:
    """The score of a knob.

    values: what is attained of each objective (last axis) when each is asked for (the axis before), more
    being better; explicit: the same of the explicit algorithms. `ValueError` where these do not gain anything
    by being asked, since then the pair says nothing about a knob.
    """
    ours, theirs = gains(values), gains(explicit)
    if ours.shape[-2:] != theirs.shape:
        raise ValueError(f"values have shape {ours.shape}, those of the explicit algorithms {theirs.shape}")
    apart = ~jnp.eye(len(theirs), dtype=bool)
    if not bool(jnp.all(theirs[apart] > 0)):
        asked, lost = (int(i[0]) for i in jnp.where(apart & ~(theirs > 0)))
        raise ValueError(
            f"the explicit algorithm of objective {lost} attains no more of it than that of objective "
            f"{asked}: tune it, or leave the pair out"
        )
    pairs = jnp.where(apart, ours / jnp.where(apart, theirs, 1.0), 0.0)
    score = pairs.sum(axis=(-2, -1)) / apart.sum()
    return Retargetability(score, pairs, own_gains(values), parameters, steps)
