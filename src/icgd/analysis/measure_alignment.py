"""Losses in and out of distribution, and the distance of learners to the algorithms they may be."""

import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float

from icgd.theory import linear as theory
from icgd.analysis.distances import Outputs, distances, divergence_bound, outputs, performance
from icgd.analysis.study import Study
from icgd.ranges import NonNegativeFloat, NonNegativeInt, PositiveInt
from icgd.tasks.linear_regression import LinearRegression

Metrics = dict[str, Float[Array, " seeds"]]


def measure(
    study: Study,
    *,
    sensitivity_prompts: PositiveInt = 16384,
    shift_prompts: NonNegativeInt = 0,
    prediction_margin: NonNegativeFloat = 0.0,
    cosine_margin: NonNegativeFloat = 0.0,
) -> pd.DataFrame:
    """Losses of all learners; distances of those with references to each of them, under all conditions.

    Under shifts only the compared learners are evaluated.
    shift_prompts: how many prompts to use where the law is not the training law; 0 for all.
    The margins, if positive, also give each learner's verdict on each reference (see `verdicts`).
    """
    tables = []
    for condition in study.spec["conditions"]:
        shifted = condition != study.spec["variant"]
        prompts, targets = study.prompts(condition, shift_prompts if shifted and shift_prompts else None)
        names = study.compared if shifted else list(study.learners)
        found = {name: outputs(study.learners[name].learner, prompts, sensitivity_prompts) for name in names}
        tables.append(_closed_form(study, condition))
        for name in names:
            metrics = _compare(study, name, found, targets)
            if name in study.references and prediction_margin:
                metrics |= verdicts(metrics, study.references[name], prediction_margin, cosine_margin)
            tables.append(study.rows(name, study.learners[name], condition, metrics))
    return pd.concat(tables)


def _compare(study: Study, name: str, found: dict[str, Outputs], targets: Float[Array, "p m"]) -> Metrics:
    """Losses of one learner, and its distances to its references, the first of which needs no suffix."""
    ours, references = found[name], study.references.get(name, [])
    first = found[references[0]] if references else ours
    metrics = performance(ours.prediction, first.prediction[:1], targets)
    typical = jnp.mean(jnp.linalg.norm(targets, axis=-1))
    for index, reference in enumerate(references):
        apart = distances(ours, found[reference], divergence_bound(targets))
        metrics |= {f"{metric}_to_{reference}": value for metric, value in apart.items()}
        metrics[f"relative_distance_to_{reference}"] = apart["prediction_l2"] / typical
        metrics[f"relative_distance_to_{reference}_standard_error"] = (
            apart["prediction_l2_standard_error"] / typical
        )
        if index == 0:
            metrics |= apart
    if len(references) > 1:
        others = jnp.stack([metrics[f"prediction_l2_to_{rival}"] for rival in references[1:]])
        metrics["prediction_l2_over_nearest_rival"] = metrics["prediction_l2"] / others.min(axis=0)
    return metrics


def verdicts(metrics: Metrics, references: list[str], prediction: float, cosine: float) -> Metrics:
    """`is_<reference>`, 1 or 0 for each seed.

    A learner is an algorithm if its relative distance plus two standard errors over prompts is below
    the prediction margin, one minus the sensitivity cosine below the cosine margin, and no other
    reference is nearer.
    """
    apart = jnp.stack([metrics[f"relative_distance_to_{name}"] for name in references])
    error = jnp.stack([metrics[f"relative_distance_to_{name}_standard_error"] for name in references])
    turned = 1 - jnp.stack([metrics[f"sensitivity_cosine_to_{name}"] for name in references])
    nearest = apart == jnp.nanmin(apart, axis=0)
    holds = nearest & (apart + 2 * error < prediction) & (turned < cosine)
    return {f"is_{name}": row.astype(float) for name, row in zip(references, holds, strict=True)}


def _closed_form(study: Study, condition: str) -> pd.DataFrame:
    """Exact population losses of the one-step reference and of predicting zero, where they are known.

    The rate is that of the training law, per example as in the trained layer's weights.
    """
    task, trained = study.task(condition), study.task(study.spec["variant"])
    if not (isinstance(task, LinearRegression) and isinstance(trained, LinearRegression)):
        return pd.DataFrame()
    rate = theory.optimal_learning_rate(trained)
    per_example = rate * task.context_length / trained.context_length
    metrics = {
        "loss": theory.gradient_step_loss(task, per_example),
        "trivial_loss": theory.trivial_loss(task),
        "learning_rate": rate,
    }
    arrays = {name: jnp.array([value]) for name, value in metrics.items()}
    return study.rows("closed_form", None, condition, arrays)
