"""Models that are told their objective read it."""

import jax
import jax.numpy as jnp

from icgd.models.blocks import prompted_transformer
from icgd.models.conditioned_stack import conditioned_stack
from icgd.studies.retargeting.knobs import asking
from tests.objectives.test_dial import KEY, TASK, prompts


def test_models_read_the_objective(double: None) -> None:
    stored = prompts(4)
    for model in (prompted_transformer(TASK, KEY, width=16, heads=2, hidden=8), conditioned_stack(TASK, KEY)):
        ours = jax.tree.map(lambda a: a.astype(float) + 0.1, model)
        one, other = (jax.vmap(ours)(asking(stored, name)) for name in ("l1", "l2"))
        assert one.shape == (4, 1)
        assert float(jnp.abs(one - other).min()) > 0
