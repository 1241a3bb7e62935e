"""How far softmax copying is from exact: the constructed induction head against one gradient step."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd

from icgd.algorithms.descent import GradientDescent
from icgd.analysis.distances import in_double
from icgd.analysis.study import Population, Study
from icgd.models.pair_stack import PairTransformer, induction_layers
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import optimal_learning_rate


def measure(
    study: Study, *, sharpness: list[PositiveFloat], codes: PositiveInt = 10, prompts: PositiveInt = 1024
) -> pd.DataFrame:
    """Mean |ŷ − ŷ_GD| over mean |y|, and the largest |ŷ − ŷ_GD|, at each sharpness β of the softmax."""
    task = study.task(study.spec["variant"])
    assert isinstance(task, LinearRegression)
    stored, targets = study.prompts(study.spec["variant"], prompts)
    rate = optimal_learning_rate(task)
    step = jax.vmap(GradientDescent(jnp.array([rate])))(in_double(stored))

    def build(beta: jax.Array) -> PairTransformer:
        return induction_layers(task.dimension, task.outputs, codes, beta, rate / task.context_length)

    tables = []
    for beta in sharpness:
        model = build(jnp.asarray(beta))
        apart = jnp.linalg.norm(jax.vmap(model)(in_double(stored)) - step, axis=-1)
        metrics = {
            "relative_distance": jnp.mean(apart)[None] / jnp.mean(jnp.linalg.norm(targets, axis=-1)),
            "largest_difference": jnp.max(apart)[None],
        }
        population = Population(
            jax.tree.map(lambda a: a[None] if eqx.is_array(a) else a, model), [None], None
        )
        tables.append(study.rows("induction_head", population, f"sharpness={beta:g}", metrics))
    return pd.concat(tables)
