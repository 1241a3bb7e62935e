"""Operations of a program, against counts by hand and against XLA's own."""

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from icgd.bench.flops import flops

MATRIX = jax.ShapeDtypeStruct((3, 4), jnp.float32)
VECTOR = jax.ShapeDtypeStruct((4,), jnp.float32)


def looped(times: int) -> Any:
    def run(matrix: Any, vector: Any) -> Any:
        step = lambda vector, _: (jnp.sin(vector) + matrix.T @ (matrix @ vector), None)  # noqa: E731
        return jax.lax.scan(step, vector, None, times)[0]

    return run


CASES: list[tuple[Any, tuple[Any, ...], float]] = [
    (lambda m, v: m @ v, (MATRIX, VECTOR), 2 * 12),
    (lambda v: v + v * v, (VECTOR,), 8),
    (jnp.sum, (VECTOR,), 4),
    (lambda m: m.T.reshape(-1)[2:], (MATRIX,), 0),
    (lambda m, v: jax.vmap(lambda row: row @ v)(m), (MATRIX, VECTOR), 2 * 12),
    (jax.jit(jnp.tanh), (VECTOR,), 4),
    (looped(7), (MATRIX, VECTOR), 7 * (4 + 24 + 24 + 4)),
    (lambda m, v: jax.lax.cond(v[0] > 0, lambda: m @ v, lambda: v[:3]), (MATRIX, VECTOR), 2 * 12),
]


@pytest.mark.parametrize("function, shapes, expected", CASES)
def test_operations_are_those_counted_by_hand(function: Any, shapes: Any, expected: float) -> None:
    assert flops(function, *shapes) == expected


def test_without_a_loop_it_agrees_with_xla() -> None:
    def layer(matrix: Any, vector: Any) -> Any:
        return jax.grad(lambda m: jnp.sum(jnp.tanh(m @ m.T @ (m @ vector)) ** 2))(matrix)

    shapes = [jax.ShapeDtypeStruct((64, 64), jnp.float32), jax.ShapeDtypeStruct((64,), jnp.float32)]
    theirs = jax.jit(layer).lower(*shapes).compile().cost_analysis()
    assert theirs is not None
    assert flops(layer, *shapes) == pytest.approx(theirs["flops"], rel=0.05)
