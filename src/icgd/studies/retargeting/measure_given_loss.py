"""Do models descend on a loss that their prompt gives as data, also on losses of families never trained?"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.learner import Learner
from icgd.objectives.losses import HELD_OUT, ODD, Family, descend_loss, rho
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, NonNegativeFloat, PositiveInt
from icgd.tasks.loss_regression import LossRegression
from icgd.tasks.objective_regression import Queried

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
RESCALED = "rescaled_l2"
OTHERS = (RESCALED,)
"""Descent on L2, with the scale of its weights fitted to each family."""


class Drawn(NamedTuple):
    """Prompts of one family with the keys of their ψ, and weights of descent on ρ and on L2."""

    prompts: Prompt
    psi_keys: Key[Array, " p"]
    descent: Float[Array, "p d"]
    plain: Float[Array, "p d"]

    def rescaled(self) -> Float[Array, "p d"]:
        """L2 descent at the scale that is nearest to descent on ρ."""
        return self.plain * jnp.sum(self.plain * self.descent) / jnp.sum(self.plain**2)


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
    shares: dict[str, list[Array]] = {name: [] for name in learners}
    for family in get_args(Family):
        mine = dataclasses.replace(task, family=family)
        given = drawn(mine, study.key("losses", family), prompts)
        yield from study.rows(RESCALED, None, {"loss_error": error(given.rescaled(), given)}, family=family)
        rival = min(
            error(given.rescaled(), given), jnp.mean(error(answers(study.learners[blind], given), given))
        )
        for name in dict.fromkeys([*learners, blind]):
            found = answers(study.learners[name], given)
            metrics = {"loss_error": error(found, given), "gain_attained": gain(mine, found, given)}
            metrics["share_of_ignoring"] = metrics["loss_error"] / rival
            if name in shares and family in HELD_OUT and family in ODD:
                shares[name].append(metrics["share_of_ignoring"])
            yield from study.rows(name, study.learners[name], metrics, family=family)
        away = novelty(task, mine, study.key("novelty", family), trained, min(prompts, 256))
        yield from study.rows(RESCALED, None, {"novelty": away}, family=family)
        yield from _sweeps(study, mine, swept, family, counts, noises, prompts)
    for name, found_shares in shares.items():
        worst = jnp.max(jnp.stack(found_shares), axis=0)
        yield from study.rows(name, study.learners[name], {"unseen_share": worst})


def drawn(task: LossRegression, key: Key[Array, ""], count: int) -> Drawn:
    """Prompts of the task's family in float64, as `task.sample` draws them."""

    @jax.jit
    @jax.vmap
    def one(key: Key[Array, ""]) -> tuple[Any, ...]:
        examples_key, psi_key, pairs_key = jax.random.split(key, 3)
        x, y = (a.astype(float) for a in task.examples(examples_key))
        psi = task.psi(psi_key)
        objective = task.listed(pairs_key, psi).astype(float)
        ends = (descend_loss(x, y, rule, task.rates())[-1] for rule in (psi, lambda r: r))
        return x, y[:, None], jnp.eye(task.dimension), objective, psi_key, *ends

    x, y, query, objective, psi_keys, descent, plain = one(jax.random.split(key, count))
    return Drawn(Queried(x, y, query, objective), psi_keys, descent, plain)


@eqx.filter_jit
def _weights(learners: Learner, prompts: Prompt) -> Float[Array, "s p d"]:
    return eqx.filter_vmap(lambda learner: jax.vmap(learner)(in_double(prompts))[..., 0])(learners)


def answers(population: Population, given: Drawn) -> Float[Array, "s p d"]:
    """The weights that each seed's model reads out."""
    return _weights(population.learner, given.prompts)


def error(weights: Float[Array, "*s p d"], given: Drawn) -> Float[Array, "*s"]:
    """The relative squared distance to descent on the prompts' own losses."""
    return jnp.sum((weights - given.descent) ** 2, (-2, -1)) / jnp.sum(given.descent**2)


def gain(task: LossRegression, weights: Float[Array, "s p d"], given: Drawn) -> Float[Array, " s"]:
    """What is attained of ρ: 0 for L2 descent, 1 for descent on ρ."""

    @jax.jit
    def value(weights: Float[Array, "p d"]) -> Float[Array, ""]:
        def one(key: Key[Array, ""], x: Array, y: Array, w: Array) -> Array:
            return jnp.mean(rho(task.psi(key), y[:, 0] - x @ w))

        return jnp.mean(jax.vmap(one)(given.psi_keys, given.prompts.x, given.prompts.y, weights))

    plain, descent = value(given.plain), value(given.descent)
    return (plain - jax.lax.map(value, weights)) / (plain - descent)


def novelty(
    task: LossRegression, mine: LossRegression, key: Key[Array, ""], trained: int, count: int
) -> Float[Array, ""]:
    """Root of the mean square distance, at the same r, to the nearest ψ of as many as are trained."""
    psi_key, r_key, trained_key = jax.random.split(key, 3)
    r = task.spread * jax.random.normal(r_key, (task.pairs,))

    def shapes(task: LossRegression, keys: Key[Array, " k"]) -> Float[Array, "k m"]:
        return jax.vmap(lambda key: task.psi(key)(r))(keys)

    known = shapes(task, jax.random.split(trained_key, trained))
    ours = shapes(mine, jax.random.split(psi_key, count))
    nearest = jax.lax.map(lambda psi: jnp.min(jnp.mean((known - psi) ** 2, axis=1)), ours)
    return jnp.sqrt(jnp.mean(nearest) / jnp.mean(ours**2))


def _sweeps(
    study: Study,
    task: LossRegression,
    name: str,
    family: str,
    counts: list[int],
    noises: list[float],
    prompts: int,
) -> Iterator[Record]:
    """Errors with other numbers of pairs, with noise in them, and where pairs are another family's."""
    population, key = study.learners[name], study.key("losses", family)
    for count in counts:
        given = drawn(dataclasses.replace(task, pairs=count), key, prompts)
        found = {"by_pairs": error(answers(population, given), given)}
        yield from study.rows(name, population, found, family=family, pairs=count)
    given = drawn(task, key, prompts)
    for noise in noises:
        found = {"by_noise": error(answers(population, noisy(given, noise, key)), given)}
        yield from study.rows(name, population, found, family=family, noise=noise)
    others = get_args(Family)
    other = others[(others.index(task.family) + APART) % len(others)]
    theirs = drawn(dataclasses.replace(task, family=other), key, prompts)
    found = {"follows_pairs": nearer(answers(population, theirs), theirs.descent, given.descent)}
    yield from study.rows(name, population, found, family=family)


def noisy(given: Drawn, noise: float, key: Key[Array, ""]) -> Drawn:
    """The same prompts with noise in the ψ of their pairs."""
    told = given.prompts.objective
    assert told is not None
    change = noise * jax.random.normal(key, told.shape) * (jnp.arange(told.shape[1]) % 2)
    return given._replace(prompts=dataclasses.replace(given.prompts, objective=told + change))


def nearer(
    ours: Float[Array, "s p d"], these: Float[Array, "p d"], those: Float[Array, "p d"]
) -> Float[Array, " s"]:
    """The share of prompts on which our weights are nearer to these than to those."""
    return jnp.mean(jnp.sum((ours - these) ** 2, -1) < jnp.sum((ours - those) ** 2, -1), axis=-1)
