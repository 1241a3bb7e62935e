"""Closed forms for one step of gradient descent from W = 0 on linear prompts.

With A = (1/N) Σ_j x_j x_jᵀ over the clean labels, the step is Ŵ = η(WA + noise), so for isotropic
inputs every loss is a quadratic in η whose coefficients are moments of x. Derived in the paper,
section "The optimum of one step".
"""

from icgd.tasks.linear import LinearRegression


def gradient_step_loss(task: LinearRegression, learning_rate: float) -> float:
    """Population loss ½E‖ŷ − y‖² of one step with rate η on the mean over the prompt's context.

    Exact for every option of the task: any N, d, m, input law, scales, label noise, corruption.
    """
    n, d, s2 = task.context_length, task.dimension, task.input_variance
    clean = n - task.corrupted_labels
    signal = d - 2 * learning_rate * d * s2 * clean / n
    spread = clean * task.fourth_moment + clean * (clean - 1) * d * s2**2
    signal += (learning_rate / n) ** 2 * spread
    noise_variance = clean * task.label_noise**2 + task.corrupted_labels * task.weight_scale**2
    noise = (learning_rate / n) ** 2 * d * s2 * noise_variance
    return 0.5 * task.outputs * s2 * (task.weight_scale**2 * signal + noise)


def optimal_learning_rate(task: LinearRegression) -> float:
    """The η that minimises `gradient_step_loss`: the vertex of the quadratic."""
    zero, one, minus = (gradient_step_loss(task, rate) for rate in (0.0, 1.0, -1.0))
    return (minus - one) / (2 * (one + minus - 2 * zero))


def trivial_loss(task: LinearRegression) -> float:
    """Population loss of predicting zero."""
    return gradient_step_loss(task, 0.0)
