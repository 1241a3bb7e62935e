"""Floating-point operations of a program, counted on its JAX expression.

Each addition, multiplication, comparison or function of a number counts as one. XLA's own count takes the
body of a loop once; here it is taken as often as the loop runs. Random bits and indexing are not counted.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

REDUCTIONS = ("reduce_", "cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp", "argmax", "argmin", "sort")
MOVES = {
    "broadcast_in_dim", "concatenate", "convert_element_type", "copy", "dynamic_slice",
    "dynamic_update_slice",
    "gather", "iota", "pad", "reshape", "rev", "scatter", "select_n", "slice", "squeeze", "stop_gradient",
    "transpose", "random_bits", "random_fold_in", "random_split", "random_wrap", "random_unwrap",
}  # fmt: skip


def flops(function: Callable[..., Any], *arguments: Any) -> float:
    """Operations of a call with these arguments, or with arrays of their shapes."""
    return _total(jax.make_jaxpr(function)(*arguments).jaxpr)


def _total(jaxpr: Jaxpr) -> float:
    return sum(_operations(equation) for equation in jaxpr.eqns)


def _operations(equation: JaxprEqn) -> float:
    name = equation.primitive.name
    if name == "dot_general":
        return _product(equation)
    if name == "cond":
        return max(_total(branch.jaxpr) for branch in equation.params["branches"])
    inner = sum(_total(jaxpr) for jaxpr in _inner(equation))
    if inner or name in ("pjit", "jit", "scan", "while"):
        return float(equation.params.get("length", 1)) * inner
    first: Any = equation.outvars[0].aval
    if name in MOVES or not jnp.issubdtype(first.dtype, jnp.inexact):
        return 0.0
    counted = equation.invars[:1] if name.startswith(REDUCTIONS) else equation.outvars
    return float(sum(math.prod(_shape(variable)) for variable in counted))


def _shape(variable: Any) -> tuple[int, ...]:
    return tuple(variable.aval.shape)


def _product(equation: JaxprEqn) -> float:
    """Two for each number of the result and each term of its sum."""
    (contracted, _), _ = equation.params["dimension_numbers"]
    left = _shape(equation.invars[0])
    return 2.0 * math.prod(_shape(equation.outvars[0])) * math.prod(left[axis] for axis in contracted)


def _inner(equation: JaxprEqn) -> Iterator[Jaxpr]:
    for value in equation.params.values():
        if isinstance(value, ClosedJaxpr):
            yield value.jaxpr
        elif isinstance(value, Jaxpr):
            yield value
