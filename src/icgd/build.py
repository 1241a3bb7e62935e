"""The one place where the config's strings become objects.

A spec is {"kind": "module.name", **options}: the class or function `name` of the module below
`icgd.tasks` or `icgd.learners`. A new kind needs no registration.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Key

from icgd.artefacts import load_arrays, save_arrays
from icgd.learners.base import Learner
from icgd.tasks.base import Task


def _resolve(package: str, spec: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    module, name = spec["kind"].split(".")
    options = {key: value for key, value in spec.items() if key not in ("kind", "training")}
    return getattr(importlib.import_module(f"icgd.{package}.{module}"), name), options


def build_task(spec: Mapping[str, Any], **changes: Any) -> Task:
    """The task of a spec, with some of its options changed."""
    kind, options = _resolve("tasks", spec)
    task: Task = kind(**(options | changes))
    return task


def build_learner(spec: Mapping[str, Any], task: Task, key: Key[Array, ""]) -> Learner:
    """The learner of a spec for `task`: random weights from `key`, hyper-parameters by formula."""
    kind, options = _resolve("learners", spec)
    learner: Learner = kind(task, key, **options)
    return learner


def leaves_by_name(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a pytree, each under its path."""
    flat, _ = jax.tree_util.tree_flatten_with_path(eqx.filter(tree, eqx.is_array))
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in flat}


def fill(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """`tree` with the arrays saved under its paths, whatever leading axes and precision."""

    def replace(path: Any, leaf: Any) -> Any:
        return np.asarray(arrays[jax.tree_util.keystr(path)]) if eqx.is_array(leaf) else leaf

    return jax.tree_util.tree_map_with_path(replace, tree)


def save_learner(
    path: Path, learner: Learner, spec: Mapping[str, Any], task: Mapping[str, Any], **series: Any
) -> None:
    """Write a learner (or a stack of them) with the specs that rebuild it, and further arrays."""
    arrays = {f"learner{name}": leaf for name, leaf in leaves_by_name(learner).items()}
    save_arrays(path, arrays | series, format="learner", spec=dict(spec), task=dict(task))


def load_learner(path: Path) -> tuple[Learner, dict[str, np.ndarray]]:
    """A learner saved by `save_learner`, and the further arrays saved with it."""
    arrays, header = load_arrays(path, "learner")
    skeleton = build_learner(header["spec"], build_task(header["task"]), jax.random.key(0))
    weights = {k.removeprefix("learner"): a for k, a in arrays.items() if k.startswith("learner")}
    return fill(skeleton, weights), {k: a for k, a in arrays.items() if k not in weights}
