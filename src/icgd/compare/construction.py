"""How exactly the constructed layer equals an explicit gradient step, in float64."""

import itertools

import jax
import numpy as np
import pandas as pd

from icgd.compare.study import Population, Study
from icgd.constrained import PositiveInt
from icgd.learners.construction import gradient_layer
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
        error = {"max_abs_difference": np.array([largest_difference(key, d, n, m)])}
        tables.append(study.rows("construction", Population(None, [None], None), f"shape={d}x{n}x{m}", error))  # type: ignore[arg-type]  # fmt: skip
    return pd.concat(tables)


def largest_difference(key: jax.Array, d: int, n: int, m: int, trials: int = 100) -> float:
    """Largest difference to (W₀ − η/N Σ_j (W₀x_j − y_j)x_jᵀ) x_q, computed by NumPy."""
    keys = jax.random.split(key, (trials, 5))
    worst = 0.0
    for x_key, y_key, query_key, start_key, rate_key in keys:
        x, y = jax.random.normal(x_key, (n, d)), jax.random.normal(y_key, (n, m))
        query, start = jax.random.normal(query_key, (d,)), jax.random.normal(start_key, (m, d))
        rate = jax.random.uniform(rate_key, (), minval=0.01, maxval=2.0)
        layer = gradient_layer(start, rate, n)(Prompt(x, y, query))
        residual = np.asarray(start) @ np.asarray(x).T - np.asarray(y).T
        weights = np.asarray(start) - float(rate) / n * residual @ np.asarray(x)
        worst = max(worst, float(np.abs(np.asarray(layer) - weights @ np.asarray(query)).max()))
    return worst
