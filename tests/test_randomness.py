"""Named random keys."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.randomness import UNROLLED, named_key


def test_keys_depend_on_every_part_of_the_name() -> None:
    names = [(0, "a", 1), (0, "a", 2), (0, "b", 1), (1, "a", 1), (0, "a", 1, "c")]
    keys = {tuple(jax.random.key_data(named_key(*name)).tolist()) for name in names}  # type: ignore[arg-type]
    assert len(keys) == len(names)
    assert (jax.random.key_data(named_key(0, "a", 1)) == jax.random.key_data(named_key(0, "a", 1))).all()


@pytest.mark.parametrize("shape", [(), (1,), (7, 5), (1000,)])
@pytest.mark.parametrize("width", [jnp.uint8, jnp.uint32])
def test_bits_are_those_of_jax(shape: tuple[int, ...], width: jnp.dtype) -> None:
    for seed in (0, 2**31 - 1):
        ours, theirs = jax.random.key(seed, impl=UNROLLED), jax.random.key(seed)
        np.testing.assert_array_equal(
            jax.random.bits(ours, shape, width), jax.random.bits(theirs, shape, width)
        )
    keys = jax.random.split(ours, 3)
    drawn = jax.vmap(lambda key: jax.random.normal(jax.random.fold_in(key, 2), shape))(keys)
    for row, key in zip(drawn, jax.random.split(theirs, 3), strict=True):
        np.testing.assert_array_equal(row, jax.random.normal(jax.random.fold_in(key, 2), shape))
