"""Do models descend on a loss that their prompt gives as data, also on losses of families never trained?"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.learner import Learner
from icgd.objectives.losses import HELD_OUT, ODD, Family
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, NonNegativeFloat, PositiveInt
from icgd.studies.retargeting.drawn_losses import Drawn, drawn, error, gain, noisy
from icgd.tasks.loss_regression import LossRegression

BY = ("family",)
METRICS = {
    "loss_error": Metric("‖w − w_descent‖² over ‖w_descent‖², of descent on the prompt's ρ", BY),
    "share_of_ignoring": Metric(
        "the error over the least of what ignores the pairs: the blind model, L2 descent at its best scale",
        BY,
    ),
    "unseen_share": Metric("the most of the same over families that are odd and were never trained"),
    "gain_attained": Metric(
        "(V_ρ(L2 descent) − V_ρ)/(V_ρ(L2 descent) − V_ρ(descent on ρ)), V_ρ the mean of ρ over examples", BY
    ),
    "novelty": Metric("RMS distance of ψ on the pairs to the nearest of those drawn in training", BY),
    "by_pairs": Metric("error where the prompt has so many pairs", ("family", "pairs")),
    "by_noise": Metric("error where ψ in the pairs has such noise, ψ being of size one", ("family", "noise")),
    "follows_pairs": Metric(
        "share of prompts with pairs of another family whose answer is nearer to descent on its loss", BY
    ),
}
COLUMNS = {
    "family": Column("string", "family of losses"),
    "pairs": Column("Int64", "number of pairs in the prompt", option="counts"),
    "noise": Column("Float64", "standard deviation of noise in ψ", option="noises"),
}
APART = 3
"""How many families further on the pairs are from of which the examples know nothing."""
NOVEL = 256
"""Losses of each family whose distance to those of training is measured."""
SWEPT: tuple[Family, ...] = ("monotone", "l1.5", "welsch", "sum")
"""Families with sweeps of the number of pairs and of noise."""
RESCALED = "rescaled_l2"
OTHERS = (RESCALED,)
"""Descent on L2, with the scale of its weights fitted to each family."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(dict.fromkeys([*options["learners"], options["blind"], options["swept"]]))


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    blind: LearnerName,
    swept: LearnerName,
    counts: list[PositiveInt],
    noises: list[NonNegativeFloat],
    trained: PositiveInt = 10000,
    prompts: PositiveInt = 512,
) -> Iterator[Record]:
    """Errors and what is attained, by family; for the learner `swept` by number of pairs and by noise in
    them.

    `blind` is the model that is not told the pairs; novelty is against so many ψ that are `trained`.
    """
    task = study.task()
    assert isinstance(task, LossRegression)
    key = study.key("losses")
    every = {f: drawn(dataclasses.replace(task, family=f), key, prompts) for f in get_args(Family)}
    yield from _errors(study, learners, blind, every)
    for family, away in novelty(task, study.key("novelty"), trained).items():
        yield from study.rows(RESCALED, None, {"novelty": away}, family=family)
    yield from _followed(study, swept, every)
    for family in SWEPT:
        yield from _sweeps(study, every[family], swept, key, counts, noises)


@eqx.filter_jit
def _weights(learners: Learner, prompts: Prompt) -> Float[Array, "s p d"]:
    return eqx.filter_vmap(lambda learner: jax.vmap(learner)(in_double(prompts))[..., 0])(learners)


def answers(population: Population, given: Drawn) -> Float[Array, "s p d"]:
    """The weights that each seed's model reads out."""
    return _weights(population.learner, given.prompts)


def novelty(task: LossRegression, key: Key[Array, ""], trained: int) -> dict[str, Float[Array, ""]]:
    """Root of the mean square distance, at the same r, to the nearest ψ of as many as are trained."""
    psi_key, r_key, trained_key = jax.random.split(key, 3)
    r = task.spread * jax.random.normal(r_key, (task.pairs,))

    def shapes(family: Any, keys: Key[Array, " k"]) -> Float[Array, "k m"]:
        mine = dataclasses.replace(task, family=family)
        return jax.vmap(lambda key: mine.psi(key)(r))(keys)

    known, found = shapes("trained", jax.random.split(trained_key, trained)), {}
    for family in get_args(Family):
        ours = shapes(family, jax.random.split(psi_key, NOVEL))
        nearest = jax.lax.map(lambda psi: jnp.min(jnp.mean((known - psi) ** 2, axis=1)), ours)
        found[family] = jnp.sqrt(jnp.mean(nearest) / jnp.mean(ours**2))
    return found


def _errors(study: Study, learners: list[str], blind: str, every: Mapping[Family, Drawn]) -> Iterator[Record]:
    """Errors by family beside those of what ignores the pairs, and the worst of families never trained."""
    shares: dict[str, list[Array]] = {name: [] for name in learners}
    for family, given in every.items():
        found = {name: answers(study.learners[name], given) for name in dict.fromkeys([*learners, blind])}
        errors = {name: error(weights, given) for name, weights in found.items()}
        rescaled = error(given.rescaled(), given)
        yield from study.rows(RESCALED, None, {"loss_error": rescaled}, family=family)
        for name, weights in found.items():
            share = errors[name] / jnp.minimum(rescaled, jnp.mean(errors[blind]))
            if name in shares and family in HELD_OUT and family in ODD:
                shares[name].append(share)
            metrics = {"loss_error": errors[name], "share_of_ignoring": share}
            metrics["gain_attained"] = gain(weights, given)
            yield from study.rows(name, study.learners[name], metrics, family=family)
    for name, mine in shares.items():
        worst = {"unseen_share": jnp.max(jnp.stack(mine), axis=0)}
        yield from study.rows(name, study.learners[name], worst)


def _followed(study: Study, name: str, every: Mapping[Any, Drawn]) -> Iterator[Record]:
    """On the same examples with the pairs of another family: is the answer that of the pairs?"""
    families = list(every)
    for place, family in enumerate(families):
        theirs, own = every[families[(place + APART) % len(families)]], every[family]
        found = {"follows_pairs": nearer(answers(study.learners[name], theirs), theirs.descent, own.descent)}
        yield from study.rows(name, study.learners[name], found, family=family)


def _sweeps(
    study: Study,
    given: Drawn,
    name: str,
    key: Key[Array, ""],
    counts: list[int],
    noises: list[float],
) -> Iterator[Record]:
    """Errors with other numbers of pairs, and with noise in them."""
    population, family = study.learners[name], given.task.family
    for count in counts:
        fewer = drawn(dataclasses.replace(given.task, pairs=count), key, len(given.descent))
        found = {"by_pairs": error(answers(population, fewer), fewer)}
        yield from study.rows(name, population, found, family=family, pairs=count)
    for noise in noises:
        found = {"by_noise": error(answers(population, noisy(given, noise, key)), given)}
        yield from study.rows(name, population, found, family=family, noise=noise)


def nearer(
    ours: Float[Array, "s p d"], these: Float[Array, "p d"], those: Float[Array, "p d"]
) -> Float[Array, " s"]:
    """The share of the prompts on which our weights are nearer to these than to those."""
    return jnp.mean(jnp.sum((ours - these) ** 2, -1) < jnp.sum((ours - those) ** 2, -1), axis=-1)
