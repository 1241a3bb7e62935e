"""How exactly the constructed layer equals an explicit gradient step, in float64."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.constructions.gradient_layer import gradient_layer
from icgd.prompt import Prompt
from icgd.ranges import PositiveInt

SHAPE = ("dimension", "context_length", "outputs")
METRICS = {"max_abs_difference": Metric("largest |ŷ_layer − ŷ_step| over random weights and prompts", SHAPE)}
COLUMNS = {
    "dimension": Column("Int64", "number of inputs d", option="dimensions"),
    "context_length": Column("Int64", "number of examples N", option="context_lengths"),
    "outputs": Column("Int64", "number of labels of an example", option="outputs"),
}
OTHERS = ("construction",)


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """Nothing: layers of all shapes are constructed here."""
    return []


def measure(
    study: Study,
    *,
    dimensions: list[PositiveInt],
    context_lengths: list[PositiveInt],
    outputs: list[PositiveInt],
) -> Iterator[Record]:
    """Largest |ŷ_layer − ŷ_step| over random W₀, η and prompts of every shape d × N × m."""
    for d, n, m in itertools.product(dimensions, context_lengths, outputs):
        worst = largest_difference(study.key("construction", d, n, m), d, n, m)
        shape: dict[str, Any] = dict(zip(SHAPE, (d, n, m), strict=True))
        yield from study.rows("construction", None, {"max_abs_difference": worst}, **shape)


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
