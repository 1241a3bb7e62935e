"""Losses in and out of distribution, and the distance of every learner to the reference."""

import jax.numpy as jnp
import pandas as pd

from icgd import theory
from icgd.compare.metrics import Outputs, distances, loss_metrics, losses, outputs
from icgd.compare.study import Study
from icgd.tasks.linear import LinearRegression


def measure(study: Study) -> pd.DataFrame:
    """All learners under all conditions; on the training law also against each rival."""
    return pd.concat([_condition(study, name) for name in study.spec["conditions"]])


def _condition(study: Study, condition: str) -> pd.DataFrame:
    prompts, targets = study.prompts(condition)
    reference = outputs(study.learners[study.spec["reference"]].learner, prompts)
    base = losses(reference, targets)
    rivals = study.spec["rivals"] if condition == study.spec["variant"] else []
    found = {name: outputs(study.learners[name].learner, prompts) for name in rivals}
    tables = [_closed_form(study, condition)]
    for name, population in study.learners.items():
        ours = found.get(name) or outputs(population.learner, prompts)
        metrics = loss_metrics(losses(ours, targets), base) | distances(ours, reference)
        if name in study.spec["trained"]:
            metrics |= _rivals(ours, found, metrics["prediction_l2"])
        tables.append(study.rows(name, population, condition, metrics))
    return pd.concat(tables)


def _rivals(ours: Outputs, rivals: dict[str, Outputs], own: jnp.ndarray) -> dict[str, jnp.ndarray]:
    """Distances to each rival, and the distance to the reference over that to the nearest rival."""
    metrics: dict[str, jnp.ndarray] = {}
    for name, theirs in rivals.items():
        metrics |= {f"{metric}_to_{name}": v for metric, v in distances(ours, theirs).items()}
    if rivals:
        nearest = jnp.stack([metrics[f"prediction_l2_to_{name}"] for name in rivals]).min(axis=0)
        metrics["prediction_l2_over_nearest_rival"] = own / nearest
    return metrics


def _closed_form(study: Study, condition: str) -> pd.DataFrame:
    """Exact population losses of the reference step and of predicting zero, where they are known.

    The rate is that of the training law, per example as in the trained layer's weights.
    """
    task, trained = study.task(condition), study.task(study.spec["variant"])
    assert isinstance(task, LinearRegression) and isinstance(trained, LinearRegression)
    rate = theory.optimal_learning_rate(trained)
    per_example = rate * task.context_length / trained.context_length
    metrics = {
        "loss": theory.gradient_step_loss(task, per_example),
        "trivial_loss": theory.trivial_loss(task),
        "learning_rate": rate,
    }
    arrays = {name: jnp.array([value]) for name, value in metrics.items()}
    return study.rows("closed_form", None, condition, arrays)
