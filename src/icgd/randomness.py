"""Random keys by name.

Every key is the root seed folded with a readable name such as ("one_step", "transformer", 3), so
adding an experiment, or running one alone, changes no other's numbers.
"""

import hashlib

import jax
from jaxtyping import Array, Key


def named_key(root: int, *name: str | int) -> Key[Array, ""]:
    """The key called `name` under the root seed; equal names give equal keys."""
    digest = hashlib.sha256("/".join(map(str, name)).encode()).digest()
    key = jax.random.key(root)
    for start in (0, 4):
        key = jax.random.fold_in(key, int.from_bytes(digest[start : start + 4], "little"))
    return key
