"""Stage: draw the evaluation prompts of every condition, once for all learners."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from icgd.artefacts import save_arrays
from icgd.build import build_task
from icgd.randomness import named_key
from icgd.stages.arguments import run_stage
from icgd.tasks.base import Task


@eqx.filter_jit
def draw(task: Task, key: jax.Array, count: int) -> Any:
    """`count` prompts and their targets."""
    return jax.vmap(task.sample)(jax.random.split(key, count))


def main(spec: dict[str, Any], output: Path) -> None:
    """Write one file per condition into the folder `output`.

    All conditions share one key, so that a shift of scale is exactly a scaled copy, and the
    comparison between conditions is paired. Files of shifts hold only the arrays that differ from
    those of the variant itself, which comes first.
    """
    output.mkdir(parents=True, exist_ok=True)
    base: dict[str, np.ndarray] = {}
    key = named_key(spec["seed"], spec["experiment"], spec["variant"], "evaluation")
    for condition, changes in spec["conditions"].items():
        task = build_task(spec["task"], **changes)
        scales = jax.tree.map(lambda scale: jnp.asarray(scale, jnp.float32), task)  # one compilation
        prompts, targets = draw(scales, key, spec["count"])
        arrays = {"x": prompts.x, "y": prompts.y, "query": prompts.query, "target": targets}
        arrays = {name: np.asarray(array) for name, array in arrays.items()}
        changed = {k: a for k, a in arrays.items() if not np.array_equal(a, base.get(k, np.nan))}
        base = base or arrays
        save_arrays(output / f"{condition}.npz", changed, format="prompts", condition=condition)


if __name__ == "__main__":
    run_stage(main, output="folder of prompts")
