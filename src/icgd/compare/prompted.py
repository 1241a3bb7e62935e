"""Does a model do what its prompt asks? Every prompted objective against every explicit algorithm.

The error is MSE / mean(ŷ_algorithm²), the cosine that of sensitivities to the query. Between two prompts,
the objective's embedding is interpolated.
"""

import dataclasses
import itertools

import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array

from icgd.compare.circuits import asking
from icgd.compare.metrics import Outputs, distances, divergence_bound, outputs
from icgd.compare.study import Study
from icgd.constrained import Fraction, PositiveInt
from icgd.objectives import OBJECTIVES
from icgd.prompt import Prompt


def measure(
    study: Study,
    *,
    learners: list[str],
    algorithms: list[str],
    mixtures: list[Fraction],
    prompts: PositiveInt = 2048,
) -> pd.DataFrame:
    """Metrics `error_<objective>_to_<algorithm>` and `cosine_<objective>_to_<algorithm>` in every condition.

    Rows with condition mix=<first>-<second>@<share> have `error_to_<algorithm>` at a mixture of two prompts.
    """
    tables = []
    for condition in study.spec["conditions"]:
        stored, targets = study.prompts(condition, prompts)
        bound = divergence_bound(targets)
        found = {name: outputs(study.learners[name].learner, stored, prompts) for name in algorithms}
        for name in learners:
            population, metrics = study.learners[name], {}
            for objective in OBJECTIVES:
                ours = outputs(population.learner, asking(stored, objective), prompts)
                for algorithm, theirs in found.items():
                    pair = f"{objective}_to_{algorithm}"
                    metrics[f"error_{pair}"] = relative_error(ours, theirs)
                    metrics[f"cosine_{pair}"] = distances(ours, theirs, bound)["sensitivity_cosine"]
            tables.append(study.rows(name, population, condition, metrics))
            if condition == study.spec["variant"]:
                tables += _mixed(study, name, stored, found, mixtures)
    return pd.concat(tables)


def relative_error(ours: Outputs, theirs: Outputs) -> Array:
    """MSE of the predictions over the mean square of theirs, for each seed."""
    apart = jnp.mean(jnp.sum((ours.prediction - theirs.prediction) ** 2, axis=-1), axis=1)
    return apart / jnp.mean(jnp.sum(theirs.prediction**2, axis=-1))


def _mixed(
    study: Study, name: str, stored: Prompt, found: dict[str, Outputs], mixtures: list[float]
) -> list[pd.DataFrame]:
    """Rows for each pair of objectives and each share of the second."""
    tables, population = [], study.learners[name]
    for (first, second), share in itertools.product(itertools.combinations(OBJECTIVES, 2), mixtures):
        ends = asking(stored, first).objective, asking(stored, second).objective
        assert ends[0] is not None and ends[1] is not None
        blend = (1 - share) * ends[0] + share * ends[1]
        ours = outputs(population.learner, dataclasses.replace(stored, objective=blend), 1)
        metrics = {f"error_to_{algorithm}": relative_error(ours, found[algorithm]) for algorithm in found}
        tables.append(study.rows(name, population, f"mix={first}-{second}@{share}", metrics))
    return tables
