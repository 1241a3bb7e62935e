"""Random keys by name, and bits for them.

Every key is the root seed folded with a readable name such as ("one_step", "transformer", 3), so
adding an experiment, or running one alone, changes no other's numbers.

The bits are those of JAX's own generator, Threefry-2x32 with 20 rounds (Salmon et al. 2011). On CPUs JAX runs
its rounds one by one over whole arrays, with shifts that it learns in the loop; here eight rounds of known
shifts are one pass, twice as fast.
"""

import hashlib
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.random import define_prng_impl, threefry_prng_impl
from jaxtyping import Array, Key, UInt32

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def named_key(root: int, *name: str | int) -> Key[Array, ""]:
    """The key called `name` under the root seed; equal names give equal keys."""
    digest = hashlib.sha256("/".join(map(str, name)).encode()).digest()
    key = jax.random.key(root, impl=UNROLLED)
    for start in (0, 4):
        key = jax.random.fold_in(key, int.from_bytes(digest[start : start + 4], "little"))
    return key


def _bits(key: UInt32[Array, "2"], width: int, shape: tuple[int, ...]) -> Array:
    """Random bits; only those of 32-bit numbers, which training draws by the million, are made here."""
    count = math.prod(shape)
    if width != 32 or count >= 2**32:
        return threefry_prng_impl.random_bits(key, width, shape)
    counter = jax.lax.iota(jnp.uint32, count)
    first, second = _threefry(key, jnp.zeros_like(counter), counter)
    return (first ^ second).reshape(shape)


def _threefry(key: UInt32[Array, "2"], x: Array, y: Array) -> tuple[Array, Array]:
    """Twenty rounds: twice eight in a loop, whose result XLA computes once for all readers, then four."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ jnp.uint32(PARITY))
    added = [(keys[(g + 1) % 3], keys[(g + 2) % 3] + jnp.uint32(g + 1)) for g in range(5)]
    pairs = jax.tree.map(lambda *turns: jnp.stack(turns), (added[0], added[1]), (added[2], added[3]))

    def eight(state: tuple[Array, Array], both: Any) -> tuple[tuple[Array, Array], None]:
        for rotations, addends in zip(ROTATIONS, both, strict=True):
            state = _four(*state, rotations, *addends)
        return state, None

    (x, y), _ = jax.lax.scan(eight, (x + keys[0], y + keys[1]), pairs)
    return _four(x, y, ROTATIONS[0], *added[4])


def _four(x: Array, y: Array, rotations: tuple[int, ...], to_x: Array, to_y: Array) -> tuple[Array, Array]:
    for distance in rotations:
        x = x + y
        y = ((y << jnp.uint32(distance)) | (y >> jnp.uint32(32 - distance))) ^ x
    return x + to_x, y + to_y


UNROLLED = define_prng_impl(
    key_shape=threefry_prng_impl.key_shape,
    seed=threefry_prng_impl.seed,
    split=threefry_prng_impl.split,
    random_bits=_bits,
    fold_in=threefry_prng_impl.fold_in,
    name="unrolled threefry",
    tag="fry",
)
"""JAX's generator, for `jax.random.key`."""
