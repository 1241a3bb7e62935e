"""What a network follows when its objective was confounded with a property of the data in training.

The confound is broken: every objective is asked for with every value of the property, the family of the
noise or the scale of the labels, and answers are compared with descent on the objective asked for and on
the one that the property stood for.
"""

import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array

from icgd.analysis.distances import predict
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt
from icgd.studies.retargeting.measure_circuits import asking
from icgd.tasks.objective_regression import FAMILIES, SCALES

CONDITIONS = {
    "noise": [f"noise={family}" for family in FAMILIES],
    "scale": [f"label_scale={scale}" for scale in SCALES],
}
"""The conditions that fix a property at what stands for L1, L2 and L∞."""


def measure(study: Study, *, confounds: list[str], prompts: PositiveInt = 512) -> pd.DataFrame:
    """Rows for all learners <confound>_<percentage of unconfounded prompts>, over the stored prompts.

    `error_to_asked` and `error_to_property`: MSE / mean(ŷ²) where the two differ; `error_where_tied` where
    they do not; `follows_asked`: the share of prompts on which the answer is nearer to what was asked for.
    """
    tables = []
    for confound in confounds:
        names = [name for name in study.spec["trained"] if name.startswith(f"{confound}_")]
        stored = [study.prompts(condition, prompts)[0] for condition in CONDITIONS[confound]]
        algorithms = [
            [predicted(study.learners[name].learner, seen, name) for name in OBJECTIVES] for seen in stored
        ]
        for name in names:
            population = study.learners[name]
            tables.append(
                study.rows(name, population, "test", _followed(population.learner, stored, algorithms))
            )
    return pd.concat(tables)


def predicted(learner: Learner, prompts: Prompt, objective: str) -> Array:
    """Predictions [seeds, p] when asked for an objective."""
    return predict(learner, asking(prompts, objective))[..., 0]


def _followed(learner: Learner, stored: list[Prompt], algorithms: list[list[Array]]) -> dict[str, Array]:
    """Means over all pairs of an objective and a value of the property."""
    asked_errors, property_errors, tied_errors, nearer = [], [], [], []
    for stands_for, (prompts, theirs) in enumerate(zip(stored, algorithms, strict=True)):
        for index, objective in enumerate(OBJECTIVES):
            ours = predicted(learner, prompts, objective)
            asked, wrong = (theirs[i] for i in (index, stands_for))
            to_asked, to_property = (ours - asked) ** 2, (ours - wrong) ** 2
            error = jnp.mean(to_asked, axis=1) / jnp.mean(asked**2)
            if index == stands_for:
                tied_errors.append(error)
                continue
            asked_errors.append(error)
            property_errors.append(jnp.mean(to_property, axis=1) / jnp.mean(wrong**2))
            nearer.append(jnp.mean(to_asked < to_property, axis=1))
    return {
        "error_to_asked": jnp.mean(jnp.stack(asked_errors), axis=0),
        "error_to_property": jnp.mean(jnp.stack(property_errors), axis=0),
        "error_where_tied": jnp.mean(jnp.stack(tied_errors), axis=0),
        "follows_asked": jnp.mean(jnp.stack(nearer), axis=0),
    }
