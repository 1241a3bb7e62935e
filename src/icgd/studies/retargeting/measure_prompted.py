"""Does a model do what its prompt asks? Every prompted objective against every explicit algorithm.

The error is MSE / mean(ŷ_algorithm²), the cosine that of sensitivities to the query. Between two prompts,
the objective's embedding is interpolated.
"""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float

from icgd.analysis.distances import Outputs, distances, divergence_bound, outputs, predict
from icgd.analysis.study import Study
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from icgd.ranges import Fraction, PositiveInt
from icgd.studies.retargeting.measure_circuits import asking

KINDS: dict[str, dict[str, str]] = {
    "margin": {str(name): name for name in OBJECTIVES},
    "exact_margin": {"l1": "lad", "l2": "least_squares", "linf": "chebyshev"},
}
"""The algorithms of each objective: descent, and the exact fit."""
SENSITIVITIES = 128
"""The number of prompts whose sensitivities are compared."""


def measure(
    study: Study,
    *,
    learners: list[str],
    algorithms: list[str],
    mixtures: list[Fraction],
    prompts: PositiveInt = 1024,
    shift_prompts: PositiveInt = 512,
) -> pd.DataFrame:
    """Metrics `error_<objective>_to_<algorithm>` and `cosine_<objective>_to_<algorithm>` in every condition.

    `margin_<objective>` and `exact_margin_<objective>` are below 1 where descent on what was asked, or its
    exact fit, is nearer than those of the other objectives.

    Rows with condition mix=<first>-<second>@<share> have `error_to_<algorithm>` at a mixture of two prompts,
    on the first `shift_prompts`.
    """
    tables = []
    for condition in study.spec["conditions"]:
        count = prompts if condition == study.spec["variant"] else shift_prompts
        stored, targets = study.prompts(condition, count)
        bound = divergence_bound(targets)
        found = {name: outputs(study.learners[name].learner, stored, SENSITIVITIES) for name in algorithms}
        for name in learners:
            population, metrics = study.learners[name], {}
            for objective in OBJECTIVES:
                ours = outputs(population.learner, asking(stored, objective), SENSITIVITIES)
                for algorithm, theirs in found.items():
                    pair = f"{objective}_to_{algorithm}"
                    metrics[f"error_{pair}"] = relative_error(ours.prediction, theirs.prediction)
                    metrics[f"cosine_{pair}"] = distances(ours, theirs, bound)["sensitivity_cosine"]
                metrics |= _margins(metrics, objective)
            tables.append(study.rows(name, population, condition, metrics))
            if condition == study.spec["variant"]:
                few = jax.tree.map(lambda a: a[:shift_prompts], stored)
                tables += _mixed(study, name, few, found, mixtures)
    return pd.concat(tables)


@jax.jit
def relative_error(ours: Float[Array, "s p m"], theirs: Float[Array, "1 p m"]) -> Float[Array, " s"]:
    """MSE of the predictions over the mean square of theirs, for each seed."""
    apart = jnp.mean(jnp.sum((ours - theirs) ** 2, axis=-1), axis=1)
    return apart / jnp.mean(jnp.sum(theirs**2, axis=-1))


def _margins(metrics: dict[str, Array], asked: str) -> dict[str, Array]:
    """The error to what was asked over the least error to what was not, for descent and for exact fits."""
    margins = {}
    for kind, algorithms in KINDS.items():
        keys = {name: f"error_{asked}_to_{algorithm}" for name, algorithm in algorithms.items()}
        if set(keys.values()) <= metrics.keys():
            others = jnp.stack([metrics[key] for name, key in keys.items() if name != asked])
            margins[f"{kind}_{asked}"] = metrics[keys[asked]] / jnp.min(others, axis=0)
    return margins


def _mixed(
    study: Study, name: str, stored: Prompt, found: dict[str, Outputs], mixtures: list[float]
) -> list[pd.DataFrame]:
    """Rows for each pair of objectives and each share of the second; `found` may be of more prompts."""
    tables, population = [], study.learners[name]
    theirs = {algorithm: known.prediction[:, : len(stored.y)] for algorithm, known in found.items()}
    for (first, second), share in itertools.product(itertools.combinations(OBJECTIVES, 2), mixtures):
        ends = asking(stored, first).objective, asking(stored, second).objective
        assert ends[0] is not None and ends[1] is not None
        blend = (1 - share) * ends[0] + share * ends[1]
        ours = predict(population.learner, dataclasses.replace(stored, objective=blend))
        metrics = {f"error_to_{key}": relative_error(ours, known) for key, known in theirs.items()}
        tables.append(study.rows(name, population, f"mix={first}-{second}@{share}", metrics))
    return tables
