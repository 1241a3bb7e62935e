"""Stage: draw the evaluation prompts of every condition, once for all learners."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from icgd.randomness import named_key
from icgd.results.job import Job
from icgd.results.store import save_arrays
from icgd.spec.build import build_task
from icgd.spec.laws import Condition
from icgd.task import Task

CHUNK = 1024
"""How many prompts are drawn at a time: one compilation serves any number of them."""


@eqx.filter_jit
def draw(task: Task, keys: jax.Array) -> Any:
    """A prompt and its target for each key."""
    return jax.vmap(task.sample)(keys)


def drawn(task: Task, key: jax.Array, count: int) -> tuple[str, dict[str, np.ndarray]]:
    """The class of `count` prompts, and their arrays and targets, each with a leading axis."""
    scales = jax.tree.map(lambda scale: jnp.asarray(scale, jnp.float32), task)  # one compilation
    keys = jax.random.split(key, count)
    parts = [draw(scales, keys[start : start + CHUNK]) for start in range(0, count, CHUNK)]
    prompts, targets = jax.tree.map(lambda *arrays: np.concatenate(arrays), *parts)
    given = {name: array for name, array in vars(prompts).items() if array is not None}
    return type(prompts).__name__, given | {"target": targets}


def main(job: Job) -> None:
    """Write one file per condition into the folder `output`.

    All conditions share one key, so that a shift of scale is exactly a scaled copy, and the
    comparison between conditions is paired. Files of shifts hold only the arrays that differ from
    those of the law itself, which comes first.
    """
    spec, output = job.spec, job.outputs["output"]
    output.mkdir(parents=True, exist_ok=True)
    base: dict[str, np.ndarray] = {}
    key = named_key(spec["seed"], spec["experiment"], spec["variant"], "evaluation")
    for condition in (Condition(*parts) for parts in spec["conditions"]):
        kind, arrays = drawn(build_task(spec["task"], **condition.changes), key, spec["count"])
        changed = {k: a for k, a in arrays.items() if not np.array_equal(a, base.get(k, np.nan))}
        base = base or arrays
        save_arrays(
            output / f"{condition.file}.npz", changed, format="prompts", prompt=kind, digest=job.digest
        )
