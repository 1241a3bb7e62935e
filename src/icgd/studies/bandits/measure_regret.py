"""What policies lose to one that knows the arms, on the same luck, and to the Bayes-optimal one."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.bandits.counting import Counts
from icgd.bandits.informed import Optimal
from icgd.bandits.policy import Played
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.bandits.crowd import chance, crowd, law_of, members, most_reward, play_all, pulled

METRICS = {
    "regret": Metric("Σ_t (max μ − μ_{a_t}), mean over tasks"),
    "regret_standard_error": Metric("its standard error over tasks"),
    "regret_over_reference": Metric("regret over a reference's, on the same luck", ("reference",)),
    "regret_so_far": Metric("the same up to a pull", ("pull",)),
    "excess": Metric(
        "Σ_t Σ_a π(a|h)(V* − Q*(h, a)) on own histories: expected regret above the least possible"
    ),
    "excess_standard_error": Metric("its standard error over tasks"),
    "regret_over_optimal": Metric("(R* + excess)/R*, R* the Bayes-optimal policy's expected regret"),
}
COLUMNS: Mapping[str, Column] = {"pull": Column("Int64", "number of pulls made")}
OTHERS = members


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Every learner of the experiment."""
    return experiment.learners


def measure(
    study: Study,
    *,
    prompts: PositiveInt,
    shift_prompts: PositiveInt | None = None,
    left_out: list[LearnerName] = [],  # noqa: B006
    bounded: list[LearnerName] = [],  # noqa: B006
    beside: dict[LearnerName, LearnerName] = {},  # noqa: B006
) -> Iterator[Record]:
    """Regrets on the law and its shifts; `bounded` policies know no more pulls than the law has.

    `beside` are references by learner, with whom they are compared on the law.
    """
    policies = {name: found for name, found in crowd(study).items() if name not in left_out}
    first, law = most_reward(study), law_of(study)
    best: Any = next((p.learner for p in policies.values() if is_optimal(p.learner)), None)
    for condition in study.conditions:
        task = law_of(study, condition)
        count = prompts if condition.option is None else shift_prompts or prompts
        here, totals = chance(study, count, condition), {}
        for name, population in policies.items():
            if task.pulls > law.pulls and name in bounded:
                continue
            played = play_all(population, here, first, task.delay)
            lost = jnp.max(here.means, axis=1)[None, :, None] - pulled(here.means, played.actions)
            totals[name] = total = lost.sum(axis=2)
            whole = {
                "regret": total.mean(axis=1),
                "regret_standard_error": total.std(axis=1) / np.sqrt(count),
            }
            yield from study.rows(name, population, whole, condition)
            if condition.option is None:
                yield from _by_pull(study, name, population, lost)
                if best is not None:
                    yield from _excess(study, name, population, played, best)
        for name, other in beside.items() if condition.option is None else ():
            ratio = totals[name].mean(axis=1) / totals[other].mean()
            yield from study.rows(name, policies[name], {"regret_over_reference": ratio}, reference=other)


def is_optimal(learner: Any) -> bool:
    """Whether a policy is the Bayes-optimal one, with its table."""
    return isinstance(learner, Optimal) and learner.objective == "max" and not bool(np.any(learner.parameter))


def _by_pull(
    study: Study, name: str, population: Population, lost: Float[Array, "seeds p t"]
) -> Iterator[Record]:
    for pull, values in enumerate(np.cumsum(lost.mean(axis=1), axis=1).T, start=1):
        yield from study.rows(name, population, {"regret_so_far": values}, pull=pull)


def _excess(
    study: Study, name: str, population: Population, played: Played, best: Optimal
) -> Iterator[Record]:
    """By the performance-difference lemma, without the noise of rewards."""
    single = jax.tree.map(lambda a: a[0], best)
    excess = lost_to_optimal(single, played.tokens, jax.nn.softmax(played.logits)).sum(axis=2)
    least = least_regret(single)
    found = {
        "excess": excess.mean(axis=1),
        "excess_standard_error": excess.std(axis=1) / np.sqrt(excess.shape[1]),
        "regret_over_optimal": 1 + excess.mean(axis=1) / least,
    }
    yield from study.rows(name, population, found)


def least_regret(best: Optimal) -> float:
    """The Bayes-optimal policy's expected regret under uniform priors: T A/(A + 1) − V*."""
    return best.pulls * best.arms / (best.arms + 1) - float(jnp.max(best.table[0]))


@eqx.filter_jit
def lost_to_optimal(
    best: Optimal, tokens: Int[Array, "s p t"], probabilities: Float[Array, "s p t a"]
) -> Float[Array, "s p t"]:
    """Σ_a π(a|h)(V*(h) − Q*(h, a)) at every position."""

    def one(history: Array, chosen: Array) -> Array:
        def step(kept: Counts, now: tuple[Array, Array]) -> tuple[Counts, Array]:
            kept, _ = best.step(kept, now[0])
            return kept, -jnp.sum(now[1] * best.advantage(kept))

        return jax.lax.scan(step, best.start(len(history)), (history, chosen))[1]

    return jax.vmap(jax.vmap(one))(tokens, probabilities)
