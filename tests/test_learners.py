"""Learners against dense NumPy oracles and each other."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icgd.algorithms import least_squares as solvers
from icgd.algorithms.descent import GradientDescent
from icgd.constructions.gradient_layer import canonical, constructed_step, gradient_layer, interpolate
from icgd.models.attention_stack import Transformer, attention_stack
from icgd.models.fast_linear import predictions
from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import gradient_step_loss, optimal_learning_rate, trivial_loss

KEY = jax.random.key(0)


def random_prompt(seed: int, n: int, d: int, m: int) -> Prompt:
    generator = np.random.default_rng(seed)
    shapes = ((n, d), (n, m), (d,))
    return Prompt(*(jnp.asarray(generator.normal(size=shape)) for shape in shapes))


def standardise(token: np.ndarray) -> np.ndarray:
    return (token - token.mean()) / np.sqrt(token.var() + 1e-5)


def dense_attention(model: Transformer, prompt: Prompt) -> np.ndarray:
    """Equation 1 written with loops over tokens and heads."""
    m = prompt.y.shape[1]
    context = [np.concatenate(pair) for pair in zip(np.asarray(prompt.x), np.asarray(prompt.y), strict=True)]
    query = np.concatenate([np.asarray(prompt.query), np.zeros(m)])
    for layer in model.layers:
        matrices = (layer.key, layer.query, layer.value, layer.projection)
        heads = list(zip(*map(np.asarray, matrices), strict=True))
        tokens = [*context, query]
        updated = []
        for token in tokens:
            total = np.zeros_like(token)
            seen = [standardise(other) if layer.norm == "layer" else other for other in context]
            asked = standardise(token) if layer.norm == "layer" else token
            for k, q, v, p in heads:
                scores = np.array([(k @ other) @ (q @ asked) for other in seen])
                if layer.kernel == "softmax":
                    scores = np.exp(scores) / np.exp(scores).sum()
                for score, other in zip(scores, seen, strict=True):
                    total += p @ v @ other * score
            updated.append(token + total)
        *context, query = updated
    return -query[-m:]


VARIANTS: list[dict[str, Any]] = [
    {},
    {"layers": 2},
    {"heads": 2, "outputs": 3},
    {"layers": 3, "heads": 2, "outputs": 2},
    {"repeats": 3},
    {"kernel": "softmax", "heads": 2, "layers": 2},
    {"kernel": "softmax", "normalised": True},
    {"normalised": True, "layers": 2},
    {"normalised": True, "layers": 10},
    {"layers": 5, "repeats": 2, "initial_scale": 0.2},
]


def random_model(options: dict[str, Any]) -> tuple[Transformer, LinearRegression]:
    task = LinearRegression(dimension=3, context_length=4, outputs=options.get("outputs", 1))
    shape = {"initial_scale": 0.5} | {k: v for k, v in options.items() if k != "outputs"}
    model = attention_stack(task, KEY, **shape)
    return jax.tree.map(lambda a: a.astype(float), model), task


@pytest.mark.parametrize("options", VARIANTS)
def test_transformer_matches_dense_attention(double: None, options: dict[str, Any]) -> None:
    model, task = random_model(options)
    prompt = random_prompt(1, 4, 3, task.outputs)
    unrolled = eqx.tree_at(lambda m: m.layers, model, model.layers * options.get("repeats", 1))
    np.testing.assert_allclose(model(prompt), dense_attention(unrolled, prompt), rtol=1e-10)


@pytest.mark.parametrize("options", VARIANTS)
def test_batched_predictions_are_the_transformers(double: None, options: dict[str, Any]) -> None:
    model, task = random_model(options)
    prompts, _ = jax.vmap(task.sample)(jax.random.split(KEY, 7))
    prompts = jax.tree.map(lambda a: a.astype(float), prompts)
    np.testing.assert_allclose(predictions(model, prompts), jax.vmap(model)(prompts), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("options", [o for o in VARIANTS if o.get("kernel") != "softmax"])
def test_batched_gradients_are_the_transformers(double: None, options: dict[str, Any]) -> None:
    model, task = random_model(options)
    prompts, targets = jax.vmap(task.sample)(jax.random.split(KEY, 7))
    prompts = jax.tree.map(lambda a: a.astype(float), prompts)

    def loss(model: Transformer, fast: bool) -> jax.Array:
        found = predictions(model, prompts) if fast else jax.vmap(model)(prompts)
        return jnp.mean((found - targets) ** 2)

    ours, theirs = (jax.grad(loss)(model, fast) for fast in (True, False))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-12)


def test_clipping_is_inactive_on_moderate_prompts_and_bounds_the_others(double: None) -> None:
    model, task = random_model({"layers": 3})
    prompts, _ = jax.vmap(task.sample)(jax.random.split(KEY, 7))
    prompts = jax.tree.map(lambda a: a.astype(float), prompts)
    np.testing.assert_allclose(predictions(model, prompts, clip=1e3), jax.vmap(model)(prompts), rtol=1e-10)
    wild = Prompt(1e3 * prompts.x, prompts.y, 1e3 * prompts.query)
    assert np.abs(jax.vmap(model)(wild)).max() > 1e20
    assert np.abs(predictions(model, wild, clip=10.0)).max() <= 10


def test_clipping_is_refused_where_it_has_no_form(double: None) -> None:
    model, task = random_model({"kernel": "softmax"})
    prompts, _ = jax.vmap(task.sample)(jax.random.split(KEY, 2))
    with pytest.raises(ValueError, match="activation_clip is for stacks of linear attention"):
        predictions(model, prompts, clip=1.0)


SIZES = {"d": st.integers(1, 6), "n": st.integers(1, 8), "m": st.integers(1, 3)}


@settings(deadline=None, max_examples=25)
@given(**SIZES, seed=st.integers(0, 9), rate=st.floats(0.01, 3))
def test_construction_is_a_gradient_step(d: int, n: int, m: int, seed: int, rate: float) -> None:
    jax.config.update("jax_enable_x64", True)
    prompt = random_prompt(seed, n, d, m)
    start = np.random.default_rng(seed + 1).normal(size=(m, d))

    def loss(weights: jax.Array) -> jax.Array:
        return jnp.sum((prompt.x @ weights.T - prompt.y) ** 2) / (2 * n)

    stepped = start - rate * np.asarray(jax.grad(loss)(jnp.asarray(start)))
    layer = gradient_layer(jnp.asarray(start), rate, n)
    np.testing.assert_allclose(layer(prompt), stepped @ np.asarray(prompt.query), atol=1e-11)


def test_repeated_construction_is_gradient_descent(double: None) -> None:
    task = LinearRegression(dimension=3, context_length=5)
    prompt = random_prompt(2, 5, 3, 1)
    layer = eqx.tree_at(lambda m: m.initial_weights, constructed_step(task, KEY), None)
    layer = Transformer(layer.layers, None, repeats=6, damping=0.3)
    rate = jnp.asarray(optimal_learning_rate(task))
    descent = GradientDescent(jnp.full(6, 0.3 * rate))
    np.testing.assert_allclose(layer.trajectory(prompt), descent.trajectory(prompt), rtol=1e-9)


@pytest.mark.parametrize(("n", "d"), [(4, 7), (7, 7), (9, 4)])
def test_least_squares_matches_numpy(double: None, n: int, d: int) -> None:
    prompt = random_prompt(3, n, d, 2)
    weights = np.linalg.lstsq(np.asarray(prompt.x), np.asarray(prompt.y), rcond=None)[0]
    ours = solvers.ordinary_least_squares(LinearRegression(), KEY)(prompt)
    np.testing.assert_allclose(ours, np.asarray(prompt.query) @ weights, rtol=1e-6)


@pytest.mark.parametrize("n", [3, 8])
def test_ridge_solves_its_normal_equations(double: None, n: int) -> None:
    prompt, penalty = random_prompt(4, n, 5, 1), 0.7
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)
    weights = np.linalg.solve(x.T @ x + penalty * np.eye(5), x.T @ y)
    ours = solvers.Ridge(jnp.asarray(penalty))(prompt)
    np.testing.assert_allclose(ours, np.asarray(prompt.query) @ weights, rtol=1e-9)


def test_bayes_ridge_is_best_among_penalties(double: None) -> None:
    task = LinearRegression(dimension=3, context_length=6, label_noise=0.3, weight_scale=1.5)
    prompts, targets = jax.vmap(task.sample)(jax.random.split(KEY, 40_000))
    best = solvers.bayes_ridge(task, KEY)

    def loss(penalty: float) -> float:
        return float(jnp.mean((jax.vmap(solvers.Ridge(jnp.asarray(penalty)))(prompts) - targets) ** 2))

    assert float(best.penalty) == pytest.approx(0.3**2 / 1.5**2)
    assert loss(float(best.penalty)) < min(loss(float(best.penalty) * f) for f in (0.3, 3.0))


def test_jacobi_rate_is_the_least_squares_one(double: None) -> None:
    task = LinearRegression(dimension=4, context_length=6)
    prompts, targets = jax.vmap(task.sample)(jax.random.split(KEY, 2000))
    fitted = solvers.jacobi_step(task, KEY).fitted(prompts, targets)

    def loss(rate: jax.Array) -> jax.Array:
        return jnp.mean((jax.vmap(solvers.JacobiStep(rate))(prompts) - targets) ** 2)

    assert abs(float(jax.grad(loss)(fitted.learning_rate))) < 1e-10


@pytest.mark.parametrize("factor", [1.0, -3.0, 0.01])
def test_canonical_form_undoes_the_free_scalar(double: None, factor: float) -> None:
    task = LinearRegression(dimension=3, context_length=4)
    model = constructed_step(task, KEY)
    scaled = eqx.tree_at(
        lambda m: (m.layers[0].query, m.layers[0].value),
        model,
        (factor * model.layers[0].query, model.layers[0].value / factor),
    )
    prompt = random_prompt(5, 4, 3, 1)
    np.testing.assert_allclose(scaled(prompt), model(prompt), rtol=1e-12)
    same, again = canonical(scaled, model), canonical(model, model)
    for a, b in zip(jax.tree.leaves(same), jax.tree.leaves(again), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    np.testing.assert_allclose(interpolate(scaled, model)(prompt), model(prompt), rtol=1e-12)


SHIFTS: list[dict[str, object]] = [
    {},
    {"dimension": 3, "context_length": 7, "outputs": 2},
    {"inputs": "normal"},
    {"inputs": "laplace"},
    {"inputs": "norm_matched"},
    {"input_scale": 1.5, "weight_scale": 2.0},
    {"label_noise": 0.5},
    {"corrupted_labels": 4},
]


@pytest.mark.parametrize("options", SHIFTS)
def test_closed_form_matches_sampling(double: None, options: dict[str, object]) -> None:
    task = LinearRegression(**options)  # type: ignore[arg-type]
    prompts, targets = jax.vmap(task.sample)(jax.random.split(KEY, 60_000))
    rate = optimal_learning_rate(task)
    step = GradientDescent(jnp.asarray(rate)[None])
    losses = 0.5 * jnp.sum((jax.vmap(step)(prompts) - targets) ** 2, axis=-1)
    error = float(jnp.std(losses)) / 60_000**0.5
    assert abs(float(losses.mean()) - gradient_step_loss(task, rate)) < 4.5 * error
    assert gradient_step_loss(task, rate) < min(gradient_step_loss(task, rate * f) for f in (0.99, 1.01))


def test_paper_constants() -> None:
    task = LinearRegression()
    assert optimal_learning_rate(task) == pytest.approx(12 / 1.98)
    assert gradient_step_loss(task, optimal_learning_rate(task)) == pytest.approx(10 / 24 * (1 - 1 / 1.98))
    assert trivial_loss(task) == pytest.approx(10 / 24)
