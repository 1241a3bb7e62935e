"""The one place where a job's specs become objects, and stored weights become learners.

A resolved spec is {"module": …, "name": …, "options": {…}}: the plan has looked up the config's kind.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from icgd.learner import Learner
from icgd.results.job import Artefact
from icgd.results.store import load_arrays, save_arrays
from icgd.task import Task


def _resolved(spec: Mapping[str, Any]) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(importlib.import_module(spec["module"]), spec["name"])
    return found


def build_task(spec: Mapping[str, Any], **changes: Any) -> Task:
    """The task of a spec, with some of its options changed."""
    task: Task = _resolved(spec)(**(spec["options"] | changes))
    return task


def build_learner(spec: Mapping[str, Any], task: Task, key: Key[Array, ""]) -> Learner:
    """The learner of a spec for `task`: random weights from `key`, hyper-parameters by formula."""
    learner: Learner = _resolved(spec)(task, key, **spec["options"])
    return learner


def start_from(learner: Any, base: Learner, where: str) -> Any:
    """A learner that is a change of a base, with `base` in its place; `where` names it in errors."""
    if not hasattr(learner, "base"):
        raise ValueError(f"{type(learner).__name__} has no base for the weights of {where}")
    expected, found = (jax.tree.map(jnp.shape, eqx.filter(m, eqx.is_array)) for m in (learner.base, base))
    if not eqx.tree_equal(expected, found):
        raise ValueError(f"{where} has weights of other shapes than the base of {type(learner).__name__}")
    return eqx.tree_at(lambda model: model.base, learner, base)


def leaves_by_name(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a pytree, each under its path."""
    flat, _ = jax.tree_util.tree_flatten_with_path(eqx.filter(tree, eqx.is_array))
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in flat}


def fill(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """`tree`, of arrays or of their shapes, with the arrays saved under its paths, whatever leading axes."""

    def replace(path: Any, leaf: Any) -> Any:
        kept = not (eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct))
        return leaf if kept else np.asarray(arrays[jax.tree_util.keystr(path)])

    return jax.tree_util.tree_map_with_path(replace, tree)


def save_learner(
    path: Path, learner: Learner, spec: Mapping[str, Any], task: Mapping[str, Any], digest: str
) -> None:
    """Write a learner with the specs that rebuild it."""
    save_weights(path, leaves_by_name(learner), spec, task, digest)


def save_weights(
    path: Path,
    leaves: Mapping[str, np.ndarray],
    spec: Mapping[str, Any],
    task: Mapping[str, Any],
    digest: str,
    **series: np.ndarray,
) -> None:
    """Write a learner's arrays by path, with whatever leading axes, its specs, and further arrays."""
    arrays = {f"learner{name}": leaf for name, leaf in leaves.items()}
    save_arrays(path, arrays | series, format="learner", spec=dict(spec), task=dict(task), digest=digest)


def load_learner(artefact: Artefact) -> tuple[Learner, dict[str, np.ndarray]]:
    """A learner saved by `save_learner`, and the further arrays saved with it."""
    return _load(artefact, lambda build, key: build(key))


def _load(artefact: Artefact, evaluate: Callable[..., Any]) -> tuple[Learner, dict[str, np.ndarray]]:
    """A saved learner, of whose skeleton, `evaluate(build, key)`, only the structure is used."""
    arrays, header = load_arrays(artefact, "learner")
    build = eqx.Partial(build_learner, header["spec"], build_task(header["task"]))
    skeleton = evaluate(build, jax.random.key(0))
    weights = {k.removeprefix("learner"): a for k, a in arrays.items() if k.startswith("learner")}
    return fill(skeleton, weights), {k: a for k, a in arrays.items() if k not in weights}


def load_blocks(blocks: Sequence[Artefact]) -> tuple[Learner, np.ndarray, np.ndarray]:
    """A learner trained in blocks of seeds, stacked [snapshots, seeds, …], with its steps and seeds.

    What is trained can be built under `jit`, so its structure is known without computing anything.
    """
    parts = [_load(block, eqx.filter_eval_shape) for block in blocks]
    seeds = np.concatenate([series["seeds"] for _, series in parts])
    order = np.argsort(seeds)

    def join(*arrays: Any) -> Any:
        return np.concatenate(arrays, axis=1)[:, order] if eqx.is_array(arrays[0]) else arrays[0]

    return jax.tree.map(join, *(learner for learner, _ in parts)), parts[0][1]["steps"], seeds[order]
