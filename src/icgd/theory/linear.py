"""Closed forms for one step of gradient descent from W = 0 on linear prompts.

With A = (1/N) Σ_j x_j x_jᵀ over the clean labels, the step is Ŵ = η(WA + noise), so for isotropic
inputs every loss is a quadratic in η whose coefficients are moments of x. Derived in the paper,
section "The optimum of one step".
"""

from icgd.tasks.linear_regression import LinearRegression


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


def normalised_rate(task: LinearRegression) -> float:
    """The η that minimises the loss of one step on the examples' normalised losses, ‖W x_j − y_j‖²/‖x_j‖².

    With weights g(‖x‖²) per example and h = g‖x‖², the loss of Ŵ = (1/N) Σ_j g_j W x_j x_jᵀ is
    ½ m s² σ² [d − 2E h + E h²/N + (1 − 1/N)(E h)²/d]: least for constant h = η = N d/(d + N − 1).
    """
    _check_normalised(task)
    n, d = task.context_length, task.dimension
    return n * d / (d + n - 1)


def normalised_step_loss(task: LinearRegression) -> float:
    """Population loss of that step, ½ m s² σ² d [1 − N/(N + d − 1)]: the least of any example weights."""
    _check_normalised(task)
    n, d = task.context_length, task.dimension
    return trivial_loss(task) * (1 - n / (n + d - 1))


def _check_normalised(task: LinearRegression) -> None:
    """The formulas take E[x xᵀ/‖x‖²] = I/d, which needs a law symmetric in every coordinate's sign."""
    if task.inputs == "exponential" or task.label_noise or task.corrupted_labels:
        raise ValueError(
            "the normalised step has a closed form for symmetric inputs and clean labels; the task has "
            f"inputs {task.inputs!r}, label_noise {task.label_noise} and corrupted_labels "
            f"{task.corrupted_labels}"
        )
