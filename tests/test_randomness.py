"""Named random keys."""

import jax

from icgd.randomness import named_key


def test_keys_depend_on_every_part_of_the_name() -> None:
    names = [(0, "a", 1), (0, "a", 2), (0, "b", 1), (1, "a", 1), (0, "a", 1, "c")]
    keys = {tuple(jax.random.key_data(named_key(*name)).tolist()) for name in names}  # type: ignore[arg-type]
    assert len(keys) == len(names)
    assert (jax.random.key_data(named_key(0, "a", 1)) == jax.random.key_data(named_key(0, "a", 1))).all()
