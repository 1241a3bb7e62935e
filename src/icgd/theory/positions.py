"""Closed forms for one gradient step after each example of a sequence.

A step from W = 0 with rate ρ_n per example, Ŵ_n = ρ_n Σ_{i≤n} y_i x_iᵀ, is the step on the mean with η = nρ_n
on a prompt of n examples, whose loss is in `icgd.theory.linear`: the mean over n is a quadratic in any common
factor of the rates.
"""

import dataclasses
from collections.abc import Sequence

from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import gradient_step_loss, optimal_learning_rate


def sequence_loss(task: LinearRegression, rates: Sequence[float]) -> float:
    """Population loss ½E‖ŷ − y‖² of the steps with these rates per example, mean over n = 1 … N."""
    losses = [gradient_step_loss(after(task, n), n * rate) for n, rate in enumerate(rates, start=1)]
    return sum(losses) / len(losses)


def best_multiple(task: LinearRegression, shape: Sequence[float]) -> list[float]:
    """The multiple of the rates that minimises `sequence_loss`: the vertex of the quadratic."""
    zero, one, minus = (sequence_loss(task, [c * rate for rate in shape]) for c in (0.0, 1.0, -1.0))
    best = (minus - one) / (2 * (one + minus - 2 * zero))
    return [best * rate for rate in shape]


def best_rates(task: LinearRegression) -> list[float]:
    """The best rate per example after each of n = 1 … N examples."""
    return [optimal_learning_rate(after(task, n)) / n for n in range(1, task.context_length + 1)]


def after(task: LinearRegression, n: int) -> LinearRegression:
    """The task whose prompts end after n examples; `ValueError` for noisy labels, which are targets, too."""
    if task.label_noise or task.corrupted_labels:
        raise ValueError(
            "rates by position have a closed form for clean labels; the task has label_noise = "
            f"{task.label_noise} and corrupted_labels = {task.corrupted_labels}, expected 0 and 0"
        )
    return dataclasses.replace(task, context_length=n)
