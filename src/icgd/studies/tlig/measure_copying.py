"""What the first layer copies over training, as the source measures it (TLIG, figure 5).

For tokens k = 1 … 2N − 1, labels as inputs, the gradient of the sum of a token's entries after the first
layer with respect to the raw inputs of token s is averaged over prompts, and only then is its norm taken.
`own` is s = k, `next` s = k + 1, and `other` the sum over all s ≠ k, next included, over 2N − 1.

The attention to the next token is that of the same tokens k, averaged over them and the prompts. A curve is
half-way when it first has covered half of its way from its start to its extreme, the loss of its way from
that of predicting zero, which is the plateau; linear between snapshots.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double, losses, predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.tlig.measure_plateau import first_time
from icgd.studies.tlig.shared_slots import SharedSlots, asking, coded, raw_tokens, sensitivities

CURVES = ("own", "next", "other")
HALF = 0.5
METRICS = {
    "sensitivity_norm": Metric("norm of the mean gradient, mean over tokens", ("token",)),
    "largest_sensitivity_norm": Metric("its largest value over training", ("token",)),
    "next_over_other": Metric(
        "sensitivity_norm of the next token over that of all others; before training 1"
    ),
    "next_attention": Metric("attention of the first layer to the next token, mean over tokens and prompts"),
    "attention_lead": Metric("training steps by which that attention is half-way before the loss"),
    "sensitivity_lead": Metric("training steps by which sensitivity_norm of the next token is"),
}
COLUMNS = {"token": Column("string", "own, next or other")}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learner that is named."""
    return [options["learner"]]


def measure(study: Study, *, learner: LearnerName, prompts: PositiveInt = 2048) -> Iterator[Record]:
    """Rows at every snapshot, the largest values of each seed, and what comes first."""
    stored, targets = study.prompts(count=prompts)
    populations = [*study.history[learner], study.learners[learner]]
    found = [curves(population.learner, stored) for population in populations]
    for place, token in enumerate(CURVES):
        for population, values in zip(populations, found, strict=True):
            yield from study.rows(learner, population, {"sensitivity_norm": values[place]}, token=token)
        largest = jnp.stack([values[place] for values in found]).max(axis=0)
        yield from study.rows(learner, populations[-1], {"largest_sensitivity_norm": largest}, token=token)
    for population, (_, following, other, attention) in zip(populations, found, strict=True):
        metrics = {"next_attention": attention, "next_over_other": following / other}
        yield from study.rows(learner, population, metrics)
    plateau = 0.5 * jnp.mean(jnp.sum(targets**2, axis=-1))
    fallen = [plateau - losses(predict(p.learner, stored), targets).mean(axis=1) for p in populations]
    steps = np.array([population.step for population in populations], float)
    leads = {
        f"{name}_lead": half_way(steps, np.stack(fallen))
        - half_way(steps, np.stack([values[place] - found[0][place] for values in found]))
        for name, place in (("sensitivity", 1), ("attention", 3))
    }
    yield from study.rows(learner, populations[-1], leads)


@eqx.filter_jit
def curves(models: Learner, prompts: Prompt) -> tuple[Float[Array, " seeds"], ...]:
    """own, next and other of each seed's model, and its attention to the next token."""

    def each_seed(model: Learner) -> tuple[Array, ...]:
        if not isinstance(model, SharedSlots):
            raise TypeError(f"{type(model).__name__} has no layer that copies between tokens")

        def one(prompt: Prompt) -> tuple[Array, Array]:
            raw = raw_tokens(in_double(prompt))
            tokens = coded(raw)
            weights = model.copying.maps(asking(tokens), tokens[:-1])[0]
            return sensitivities(model, raw), jnp.diagonal(weights, 1)[: len(raw) - 2].mean()

        slopes, attention = jax.lax.map(one, prompts, batch_size=256)
        norms = jnp.linalg.norm(slopes.mean(axis=0), axis=-1)  # [token, token that is changed]
        return *parts(norms), attention.mean()

    return eqx.filter_vmap(each_seed)(models)


def half_way(
    steps: Float[np.ndarray, " snapshots"], moved: Float[np.ndarray, "snapshots seeds"]
) -> Float[np.ndarray, " seeds"]:
    """When each seed's curve, minus where it starts, has first covered half of its way to its extreme.

    The last step if it never goes that way.
    """
    extremes = moved.max(axis=0)
    shares = moved / np.where(extremes > 0, extremes, np.inf)
    return np.array([first_time(steps, share, HALF) for share in shares.T])


def parts(norms: Float[Array, "c t"]) -> tuple[Array, Array, Array]:
    """Means of a table of norms: at the token itself, at the next, and the sum of all others over c."""
    own, following = jnp.diagonal(norms), jnp.diagonal(norms, 1)
    other = (norms.sum(axis=1) - own) / len(norms)
    return own.mean(), following.mean(), other.mean()
