"""Whether an induction head is one gradient step on pairs (previous token → token).

The step's logits are in proportion to the number of matches; its rivals average them, take the last one or
ignore the current token. What is compared is the last head's direct contribution to the logits, centred
over the vocabulary, at positions where the current token has been followed at least `least_matches` times.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from icgd.algorithms.counting import followers
from icgd.analysis.attention_scores import token_losses
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.prompt import TokenPrompt
from icgd.ranges import PositiveInt
from icgd.studies.induction.head_logits import growth_exponent, head_logits, matched_logits, resemblance
from icgd.studies.induction.model_scores import language_models

METRICS = {
    "loss": Metric("mean cross-entropy in nats per token"),
    "agreement": Metric(
        "share of positions where the head's largest logit is the reference's", ("reference",)
    ),
    "explained_variance": Metric(
        "R² of the head's logits by the reference's times one scale", ("reference",)
    ),
    "explained_variance_over_best_rival": Metric(
        "explained_variance by the algorithm over the most by one of its rivals", ("reference",)
    ),
    "growth_exponent": Metric("slope of log follower_logit over log matches"),
    "follower_logit": Metric(
        "the head's mean logit for the only follower of the current token", ("matches",)
    ),
    "relative_follower_logit": Metric("follower_logit over that after one match", ("matches",)),
}
COLUMNS = {"matches": Column("Int64", "how often the current token has been followed, always by the same")}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Every learner of the experiment."""
    return experiment.learners


def measure(
    study: Study,
    *,
    prompts: PositiveInt = 512,
    least_matches: PositiveInt = 2,
    late: PositiveInt,
    most_matches: PositiveInt = 6,
) -> Iterator[Record]:
    """Agreement with every reference, growth with the number of matches, and losses of all learners.

    Growth is measured at positions from `late` on, where the current token has had one follower only.
    """
    stored, targets = study.prompts(count=prompts)
    for name, population in study.learners.items():
        yield from study.rows(name, population, {"loss": mean_losses(population.learner, stored, targets)})
    for name in study.references:
        population = study.learners[name]
        head = head_logits(language_models(name, population), stored)
        counts = jax.vmap(followers, in_axes=(0, None))(stored.tokens, head.shape[-1])
        yield from _resemblances(study, name, stored, head, counts.sum(axis=-1) >= least_matches)
        growth = matched_logits(head, counts, late, most_matches)
        yield from study.rows(name, population, {"growth_exponent": growth_exponent(growth)})
        for matched, logit in enumerate(growth.T, start=1):
            found = {"follower_logit": logit, "relative_follower_logit": logit / growth[:, 0]}
            yield from study.rows(name, population, found, matches=matched)


def _resemblances(
    study: Study, name: str, prompts: TokenPrompt, head: Array, kept: Array
) -> Iterator[Record]:
    """How often the head picks what each reference picks, and how much of it each explains.

    With rivals, also the ratio of what the algorithm explains to what the best of them does.
    """
    comparison, population = study.references[name], study.learners[name]
    explained: dict[str, Array] = {}
    for reference in comparison.all:
        single = jax.tree.map(lambda a: a[0], study.learners[reference].learner)
        agreement, explained[reference] = resemblance(head, jax.vmap(single)(prompts), kept)
        found = {"agreement": agreement, "explained_variance": explained[reference]}
        yield from study.rows(name, population, found, reference=reference)
    if comparison.rivals:
        best = jnp.max(jnp.stack([explained[rival] for rival in comparison.rivals]), axis=0)
        ratio = {"explained_variance_over_best_rival": explained[comparison.algorithm] / best}
        yield from study.rows(name, population, ratio, reference=comparison.algorithm)


@eqx.filter_jit
def mean_losses(
    learners: Learner, prompts: TokenPrompt, targets: Int[Array, "p n"]
) -> Float[Array, " seeds"]:
    """The mean cross-entropy of each seed's learner."""
    seeds = jax.tree.leaves(eqx.filter(learners, eqx.is_array))[0].shape[0]

    def each_seed(learner: Learner) -> Array:
        return jnp.mean(jax.vmap(token_losses)(jax.vmap(learner)(prompts), targets))

    return eqx.filter_vmap(each_seed, axis_size=seeds)(learners)
