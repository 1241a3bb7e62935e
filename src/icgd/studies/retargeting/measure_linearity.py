"""Why linear attention alone is not retargetable: how its prediction depends on the labels.

A stack of L generic layers is a polynomial in the labels of degree at most 3^L − 1, one of the structure
of the construction is linear in them. L1 and L∞ fits are homogeneous, f(ty) = t f(y) for t > 0, but not
additive; a polynomial that is homogeneous of degree one is linear, so no such stack equals them.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key
from scipy import fft

from icgd.analysis.distances import in_double
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer, attention_stack
from icgd.models.layers import Attention
from icgd.prompt import Prompt
from icgd.randomness import named_key
from icgd.ranges import PositiveInt
from icgd.studies.retargeting.measure_circuits import asking
from icgd.tasks.linear_regression import LinearRegression

SMALL = 1e-9
"""Coefficients below this share of the largest count as rounding."""
REACH = 10.0
"""Labels are scaled up to this much, so that terms of the highest degree are not the smallest."""


def measure(
    study: Study, *, depths: list[PositiveInt], learners: list[str], prompts: PositiveInt = 256
) -> pd.DataFrame:
    """Degree and defects of random stacks by depth; defects of the named learners on the stored prompts.

    Rows of random stacks of L layers are called `lsa`, with conditions random=L and structured=L; a learner
    that reads the objective is asked for each in turn.
    """
    tables = []
    for depth in depths:
        key = named_key(study.spec["seed"], study.spec["experiment"], "linearity", depth)
        for kind, make in (("random", random_stack), ("structured", structured_stack)):
            model = make(key, depth)
            small = random_prompts(key, prompts, model.layers[0].key.shape[-1] - 1)
            found = {"degree": jnp.array([degree(model, small, 3**depth)])} | defects(model, small)
            tables.append(study.rows("lsa", None, f"{kind}={depth}", found))
    stored, _ = study.prompts(study.spec["variant"], prompts)
    for name in learners:
        population = study.learners[name]
        for objective in ("l1", "l2", "linf"):
            asked = asking(in_double(stored), objective)
            each = eqx.filter_vmap(lambda learner: defects(learner, asked), axis_size=len(population.seeds))  # noqa: B023
            found = each(population.learner)
            found = {metric: values[:, 0] for metric, values in found.items()}
            tables.append(study.rows(name, population, f"objective={objective}", found))
    return pd.concat(tables)


def random_stack(key: Key[Array, ""], depth: int, dimension: int = 2) -> Transformer:
    """Layers with random weights throughout, in float64."""
    task = LinearRegression(dimension, context_length=3)
    model = attention_stack(task, key, layers=depth)
    return jax.tree.map(lambda a: a.astype(float), model)


def structured_stack(key: Key[Array, ""], depth: int, dimension: int = 2) -> Transformer:
    """The same with the structure of the construction: weights read x alone, x and y are updated apart."""
    is_label = jnp.arange(dimension + 1) == dimension

    def restrict(layer: Attention) -> Attention:
        bilinear, write = layer.products()
        eye = jnp.broadcast_to(jnp.eye(dimension + 1), bilinear.shape)
        inputs = ~is_label & ~is_label[:, None]
        return Attention(eye, bilinear * inputs, write * (is_label == is_label[:, None]), eye)

    model = random_stack(key, depth, dimension)
    return eqx.tree_at(lambda m: m.layers, model, tuple(map(restrict, model.layers)))


def random_prompts(key: Key[Array, ""], count: int, dimension: int, n: int = 3) -> Prompt:
    """Normal inputs and labels in float64."""
    keys = jax.random.split(key, 3)
    shapes = ((count, n, dimension), (count, n, 1), (count, dimension))
    return Prompt(*(jax.random.normal(k, shape, float) for k, shape in zip(keys, shapes, strict=True)))


def degree(learner: Learner, prompts: Prompt, bound: int) -> int:
    """The degree of t ↦ ŷ(x, ty), a polynomial of degree < `bound`, from its Chebyshev series on ±REACH."""
    nodes = REACH * jnp.cos(jnp.pi * (jnp.arange(bound) + 0.5) / bound)

    def along(prompt: Prompt) -> Array:
        return jax.vmap(lambda t: learner(dataclasses.replace(prompt, y=t * prompt.y)))(nodes)[:, 0]

    series = fft.dct(np.asarray(jax.jit(jax.vmap(along))(prompts)), axis=1)
    sizes = np.abs(series).max(axis=0)
    return int(np.flatnonzero(sizes > SMALL * sizes.max()).max())


@eqx.filter_jit
def defects(learner: Learner, prompts: Prompt) -> dict[str, Float[Array, " one"]]:
    """How far the prediction is from additive and from homogeneous in the labels, relative to its size.

    Additive: RMS of f(y + y′) − f(y) − f(y′), y′ the labels of another prompt; homogeneous: of f(2y) − 2f(y).
    """

    def predict(labels: Array) -> Array:
        return jax.vmap(learner)(dataclasses.replace(prompts, y=labels))

    def size(values: Array) -> Array:
        return jnp.sqrt(jnp.mean(values**2))

    y, other = prompts.y, jnp.roll(prompts.y, 1, axis=0)
    both, one, two = predict(y + other), predict(y), predict(other)
    return {
        "additivity_defect": (size(both - one - two) / size(both))[None],
        "homogeneity_defect": (size(predict(2 * y) - 2 * one) / size(2 * one))[None],
    }
