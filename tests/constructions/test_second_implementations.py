"""The interpolation, the fit of GD++ and the rebuilt stack once more, in numpy from their definitions."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from icgd.algorithms.descent import gradient_descent
from icgd.algorithms.stepwise_descent import stepwise_descent
from icgd.constructions.gradient_layer import gradient_layer, interpolate
from icgd.constructions.rebuilt_stack import rebuilt
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from tests.prompts import answers_of, drawn_from

D, N = 3, 4
GENERATOR = np.random.default_rng(5)
LAYERS = 0.5 * GENERATOR.normal(size=(2, 4, D + 1, D + 1)) + np.eye(D + 1)
"""Key, query, value and projection of two layers, far from any construction."""


def stack_of(layers: np.ndarray) -> Transformer:
    def attention(key: np.ndarray, query: np.ndarray, value: np.ndarray, projection: np.ndarray) -> Attention:
        return Attention(*(jnp.asarray(part)[None] for part in (key, query, value, projection)))  # type: ignore[arg-type]

    return Transformer(tuple(attention(*layer) for layer in layers))


def answers(products: list[tuple[np.ndarray, np.ndarray]], prompts: Prompt) -> np.ndarray:
    """e ← e + PV Σ_j e_j (e_jᵀ KᵀQ e) for all tokens at once; the answer is minus the query's last slot."""
    found = []
    for x, y, query in zip(*map(np.asarray, (prompts.x, prompts.y, prompts.query)), strict=True):
        tokens = np.vstack([np.hstack([x, y]), np.append(query, 0.0)]).T
        for bilinear, write in products:
            seen = tokens[:, :-1]
            tokens = tokens + write @ seen @ seen.T @ bilinear @ tokens
        found.append([-tokens[-1, -1]])
    return np.array(found)


def some_prompts(count: int) -> Prompt:
    x, y, query = (0.3 * GENERATOR.normal(size=s) for s in ((count, N, D), (count, N, 1), (count, D)))
    return Prompt(*map(jnp.asarray, (x, y, query)))


def test_interpolation(double: None) -> None:
    """The mean of KᵀQ and P·V with the construction's, after the factor that brings KᵀQ nearest to it."""
    prompts, (key, query, value, projection) = some_prompts(20), LAYERS[0]
    bilinear, write = key.T @ query, projection @ value
    wanted, step = np.diag([1.0] * D + [0.0]), np.diag([0.0] * D + [-0.7 / N])
    factor = optimize.minimize_scalar(lambda z: np.sum((wanted - z * bilinear) ** 2)).x
    inverse = np.sum(wanted**2) / np.sum(wanted * bilinear)
    halves = [((inverse * bilinear + wanted) / 2, (write / inverse + step) / 2)]
    ours = interpolate(stack_of(LAYERS[:1]), gradient_layer(jnp.zeros((1, D)), 0.7, N))
    np.testing.assert_allclose(answers_of(ours, prompts), answers(halves, prompts), rtol=1e-8)
    assert factor * inverse > 0


def test_rebuilt_stack(double: None) -> None:
    prompts, kept = some_prompts(20), []
    for key, query, value, projection in LAYERS:
        gauge = np.trace((key.T @ query)[:D, :D]) / D
        diagonal = np.diag(projection @ value) * gauge
        kept.append((np.diag([1.0] * D + [0.0]), np.diag([diagonal[:D].mean()] * D + [diagonal[D]])))
    ours = rebuilt(stack_of(LAYERS), D)
    np.testing.assert_allclose(answers_of(ours, prompts), answers(kept, prompts), rtol=1e-8)


def descended(x: np.ndarray, w: np.ndarray, query: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """GD++ on all prompts, [p]: a step on the residual labels, then x ← x − γ XᵀX x / N for every input."""
    inputs = np.concatenate([x, query[:, None]], axis=1)
    labels = np.einsum("pnd,pd->pn", inputs, w) * (np.arange(N + 1) < N)
    for rate, shrinkage in numbers:
        read = inputs @ np.swapaxes(inputs[:, :N], 1, 2) / N
        labels = labels - rate * np.einsum("pij,pj->pi", read, labels[:, :N])
        inputs = inputs - shrinkage * read @ inputs[:, :N]
    return -labels[:, N]


@pytest.mark.parametrize("per_step", [False, True])
def test_fit_of_two_steps(double: None, per_step: bool) -> None:
    """A simplex search over rates on sampled prompts ends at the loss of the fit, on other prompts too."""
    task = LinearRegression(dimension=D, context_length=N)
    x, query = (GENERATOR.uniform(-0.5, 0.5, size=shape) for shape in ((8000, N, D), (8000, D)))
    w = GENERATOR.normal(size=(8000, D))
    target = np.einsum("pd,pd->p", w, query)

    def loss(numbers: np.ndarray) -> float:
        return float(0.5 * np.mean((descended(x, w, query, numbers) - target) ** 2))

    def spread(free: np.ndarray) -> np.ndarray:
        """(η, γ) of both steps; the last γ has no effect."""
        return np.array([free[:2], [free[2], 0.0] if per_step else free[:2]])

    start = np.array([4.0, 4.0, 30.0] if per_step else [5.0, 3.0])
    search: dict[str, Any] = {"method": "Nelder-Mead", "options": {"maxfev": 300}}

    def spent(free: np.ndarray) -> float:
        return loss(spread(free))

    best = optimize.minimize(spent, start, **search)
    prompts, targets = drawn_from(task, jax.random.key(2), 20_000)
    one: Any = gradient_descent(task, jax.random.key(0), steps=2, curvature=True, per_step=per_step)
    kinds = [(one, 1), (stepwise_descent(task, jax.random.key(0), steps=2), N)][: 1 + per_step]
    for kind, scale in kinds:
        found = kind.fitted(prompts, targets)
        rates = scale * np.stack([found.learning_rates[:2], found.shrinkages[:2]], axis=1)
        assert loss(rates) == pytest.approx(best.fun, rel=0.03)
        assert loss(1.15 * rates) > loss(rates) < loss(0.85 * rates)
