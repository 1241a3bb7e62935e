"""Which comes first, copying within pairs or the fall of the loss (von Oswald et al. 2023, figure 5).

Curves over training are the loss and, of inputs in the first layer, the sensitivity to themselves (`own`), to
their label (`partner`) and to the tokens beyond the pair (`other`), `specific` = partner − other, and the
attention to their label. A curve's time at a fraction f is the first step at which it has covered f of its
way from its start to its extreme, the loss of its way from that of predicting zero, which is the plateau;
the lead of a curve is the loss's time minus its own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double, predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.models.fast_linear import predictions
from icgd.models.pair_stack import PairTransformer
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveFloat, PositiveInt
from icgd.studies.pairs.sensitivities import pair_parts, sensitivities
from icgd.studies.pairs.timing import progress, times

CURVES = ("loss", "own", "partner", "other", "specific", "attention")
METRICS = {
    "level": Metric("height of a curve at a snapshot", ("curve",)),
    "share": Metric("share of a curve's way that is covered", ("curve", "offset")),
    "lead": Metric("training steps by which a curve is before the loss", ("curve", "fraction")),
    "lead_low": Metric("lower end of the bootstrapped 95 % interval of the mean lead", ("curve", "fraction")),
    "lead_high": Metric("its upper end", ("curve", "fraction")),
    "fall_time": Metric("training step at which the loss has covered the fraction", ("fraction",)),
    "seeds_on_plateau": Metric("seeds whose loss ends nearer to that of zero than to the algorithm's"),
}
COLUMNS = {
    "curve": Column("string", "what is followed over training: the loss, or of inputs what the module says"),
    "offset": Column("Float64", "training steps since the loss was half-way"),
    "fraction": Column("Float64", "share of its way at which a curve is timed", option="fractions"),
}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named, and the algorithms that they are compared with."""
    names = options["learners"]
    return list(dict.fromkeys([*names, *(experiment.references[name].algorithm for name in names)]))


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    fractions: list[PositiveFloat],
    reach: PositiveInt = 500,
    prompts: PositiveInt = 2048,
    sensitivity_prompts: PositiveInt = 256,
    resamples: PositiveInt = 10_000,
) -> Iterator[Record]:
    """Curves at all snapshots, their shares about the middle of the fall, and leads at each fraction.

    reach: training steps before and after the middle of the fall. resamples: of the bootstrap over seeds.
    """
    stored, targets = study.prompts(count=prompts)
    few = jax.tree.map(lambda a: a[:sensitivity_prompts], stored)
    plateau = 0.5 * float(jnp.mean(jnp.sum(targets**2, axis=-1)))
    for name in learners:
        populations = [*study.history[name], study.learners[name]]
        found = [_curves(population.learner, stored, targets, few) for population in populations]
        for population, row in zip(populations, found, strict=True):
            for curve, level in row.items():
                yield from study.rows(name, population, {"level": level}, curve=curve)
        steps = np.array([population.step for population in populations])
        curves = {key: np.stack([row[key] for row in found]) for key in CURVES}
        moved = {key: curve - curve[0] for key, curve in curves.items()} | {"loss": plateau - curves["loss"]}
        shares = {key: progress(curve) for key, curve in moved.items()}
        algorithm = study.learners[study.references[name].algorithm].learner
        reached = 0.5 * float(jnp.mean(jnp.sum((predict(algorithm, stored)[0] - targets) ** 2, axis=-1)))
        stuck = curves["loss"][-1] > (plateau + reached) / 2
        yield from study.rows(name, None, {"seeds_on_plateau": stuck.sum()})
        yield from _aligned(study, name, shares, steps, reach)
        for fraction in fractions:
            yield from _leads(study, name, shares, steps, fraction, resamples)


@eqx.filter_jit
def _curves(
    models: Learner, prompts: Prompt, targets: Array, few: Prompt
) -> dict[str, Float[Array, " seeds"]]:
    def each_seed(model: Learner) -> dict[str, Array]:
        assert isinstance(model, PairTransformer)
        errors = predictions(model, in_double(prompts)) - targets
        seen = in_double(few)
        own, partner, other = pair_parts(jax.vmap(lambda p: sensitivities(model, p))(seen).mean(axis=0))
        _, attention, _ = pair_parts(jax.vmap(lambda p: model.maps(p)[0])(seen).mean(axis=0))
        loss = 0.5 * jnp.mean(jnp.sum(errors**2, axis=-1))
        parts = (loss, own, partner, other, partner - other, attention)
        return dict(zip(CURVES, parts, strict=True))

    return eqx.filter_vmap(each_seed)(models)


def _aligned(
    study: Study, name: str, shares: Mapping[str, np.ndarray], steps: np.ndarray, reach: int
) -> Iterator[Record]:
    """Shares as functions of the steps since the middle of each seed's fall."""
    middle = times(shares["loss"], steps, 0.5)
    for offset in np.linspace(-reach, reach, 41):
        for curve, share in shares.items():
            each_seed = zip(middle, share.T, strict=True)
            values = [np.interp(start + offset, steps, column, left=np.nan) for start, column in each_seed]
            yield from study.rows(
                name, study.learners[name], {"share": values}, curve=curve, offset=round(float(offset), 9)
            )


def _leads(
    study: Study,
    name: str,
    shares: Mapping[str, np.ndarray],
    steps: np.ndarray,
    fraction: float,
    resamples: int,
) -> Iterator[Record]:
    """Leads of every seed, and the interval of their mean, from the same resampled seeds for all curves."""
    fall = times(shares["loss"], steps, fraction)
    yield from study.rows(name, study.learners[name], {"fall_time": fall}, fraction=fraction)
    generator = np.random.default_rng(np.asarray(jax.random.key_data(study.key("bootstrap"))))
    drawn = generator.integers(len(fall), size=(resamples, len(fall)))
    for curve in CURVES[1:]:
        lead = fall - times(shares[curve], steps, fraction)
        low, high = np.quantile(lead[drawn].mean(axis=1), [0.025, 0.975])
        yield from study.rows(name, study.learners[name], {"lead": lead}, curve=curve, fraction=fraction)
        bounds = {"lead_low": low, "lead_high": high}
        yield from study.rows(name, None, bounds, curve=curve, fraction=fraction)
