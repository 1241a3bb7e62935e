"""How exactly the constructed layer equals an explicit gradient step, in float64."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from icgd.analysis.study import Study
from icgd.ranges import PositiveInt
from icgd.constructions.gradient_layer import gradient_layer
from icgd.prompt import Prompt
from icgd.randomness import named_key


def measure(
    study: Study,
    *,
    dimensions: list[PositiveInt],
    context_lengths: list[PositiveInt],
    outputs: list[PositiveInt],
) -> pd.DataFrame:
    """Largest |ŷ_layer − ŷ_step| over random W₀, η and prompts of every shape d × N × m."""
    tables = []
    for d, n, m in itertools.product(dimensions, context_lengths, outputs):
        key = named_key(study.spec["seed"], study.spec["experiment"], "construction", d, n, m)
        error = {"max_abs_difference": jnp.array([largest_difference(key, d, n, m)])}
        tables.append(study.rows("construction", None, f"shape={d}x{n}x{m}", error))
    return pd.concat(tables)


def largest_difference(key: jax.Array, d: int, n: int, m: int, trials: int = 100) -> float:
    """Largest difference to (W₀ − η/N Σ_j (W₀x_j − y_j)x_jᵀ) x_q, computed by NumPy."""
    shapes = [(trials, n, d), (trials, n, m), (trials, d), (trials, m, d)]
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    x, y, query, start = (generator.normal(size=shape) for shape in shapes)
    rates = generator.uniform(0.01, 2.0, size=trials)

    def predict(start: jax.Array, rate: jax.Array, prompt: Prompt) -> jax.Array:
        return gradient_layer(start, rate, n)(prompt)

    layer = np.asarray(jax.jit(jax.vmap(predict))(start, rates, Prompt(*map(jnp.asarray, (x, y, query)))))
    worst = 0.0
    for i in range(trials):
        stepped = start[i] - rates[i] / n * (start[i] @ x[i].T - y[i].T) @ x[i]
        worst = max(worst, float(np.abs(layer[i] - stepped @ query[i]).max()))
    return worst
