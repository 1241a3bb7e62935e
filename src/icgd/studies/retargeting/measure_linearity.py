"""Why linear attention alone is not retargetable: how its prediction depends on the labels.

A stack of L generic layers is a polynomial in the labels of degree at most 3^L − 1, one of the structure
of the construction is linear in them. L1 and L∞ fits are homogeneous, f(ty) = t f(y) for t > 0, but not
additive; a polynomial that is homogeneous of degree one is linear, so no such stack equals them.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from scipy import fft

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer, attention_stack
from icgd.models.layers import Attention
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.retargeting.knobs import asking
from icgd.tasks.linear_regression import LinearRegression

ADDITIVITY = "RMS of f(y + y′) − f(y) − f(y′) over that of f(y + y′), f the prediction from labels y"
HOMOGENEITY = "RMS of f(2y) − 2f(y) over that of 2f(y)"
METRICS = {
    "degree": Metric("degree of t ↦ f(ty), a polynomial, of a stack of so many layers", ("depth",)),
    "stack_additivity_defect": Metric(f"{ADDITIVITY}, of a stack of so many layers", ("depth",)),
    "stack_homogeneity_defect": Metric(f"{HOMOGENEITY}, of a stack of so many layers", ("depth",)),
    "additivity_defect": Metric(ADDITIVITY, ("objective",)),
    "homogeneity_defect": Metric(HOMOGENEITY, ("objective",)),
}
COLUMNS = {"depth": Column("Int64", "number of layers of linear attention", option="depths")}
OTHERS = ("random_stack", "structured_stack")
"""Linear attention with random weights, all of them or those that the construction has."""
SMALL = 1e-9
"""Coefficients below this share of the largest count as rounding."""
NODES = 2
"""Degrees are measured with so many times as many nodes as the theory asks for: a higher one would show."""
REACH = 10.0
"""Labels are scaled up to this much, so that terms of the highest degree are not the smallest."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(
    study: Study, *, depths: list[PositiveInt], learners: list[LearnerName], prompts: PositiveInt = 256
) -> Iterator[Record]:
    """Degree and defects of random stacks by depth; defects of the named learners on the stored prompts.

    A learner that reads the objective is asked for each in turn.
    """
    for depth in depths:
        key = study.key("linearity", depth)
        for kind, make in (("random_stack", random_stack), ("structured_stack", structured_stack)):
            model = make(key, depth)
            small = random_prompts(key, prompts, model.layers[0].key.shape[-1] - 1)
            found = {f"stack_{metric}": value for metric, value in defects(model, small).items()}
            found["degree"] = jnp.array(degree(model, small, NODES * 3**depth))
            yield from study.rows(kind, None, found, depth=depth)
    stored, _ = study.prompts(count=prompts)
    for name in learners:
        for objective in OBJECTIVES:
            found = study.learners[name].map(defects, asking(in_double(stored), objective))
            yield from study.rows(name, study.learners[name], found, objective=objective)


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


def degree(learner: Learner, prompts: Prompt, count: int) -> int:
    """The degree of t ↦ ŷ(x, ty), from its Chebyshev series at `count` nodes on ±REACH.

    Right for polynomials of degree < count; of others it is at most count − 1.
    """
    nodes = REACH * jnp.cos(jnp.pi * (jnp.arange(count) + 0.5) / count)

    def along(prompt: Prompt) -> Array:
        return jax.vmap(lambda t: learner(dataclasses.replace(prompt, y=t * prompt.y)))(nodes)[:, 0]

    series = fft.dct(np.asarray(jax.jit(jax.vmap(along))(prompts)), axis=1)
    sizes = np.abs(series).max(axis=0)
    return int(np.flatnonzero(sizes > SMALL * sizes.max()).max())


@eqx.filter_jit
def defects(learner: Learner, prompts: Prompt) -> dict[str, Float[Array, ""]]:
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
        "additivity_defect": size(both - one - two) / size(both),
        "homogeneity_defect": size(predict(2 * y) - 2 * one) / size(2 * one),
    }
