"""Learners for a page that runs them: their fields as JSON, weights rounded to 16 bits."""

import base64
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from icgd.learner import Learner
from icgd.results.digest import ROOT
from icgd.results.job import Artefact
from icgd.spec.build import load_blocks, load_learner
from icgd.writeup.report import template

HALF = np.dtype("<f2")
Tree = dict[str, Any]


def rounded(tree: Any) -> Any:
    """A learner as the page has it, in its own precision."""
    return jax.tree.map(
        lambda a: jnp.asarray(np.asarray(a).astype(HALF), a.dtype) if eqx.is_array(a) else a, tree
    )


def exported(tree: Any) -> Any:
    """A learner, or a part of one, as JSON holds it: modules under the names of their classes."""
    if isinstance(tree, eqx.Module):
        fields = {part.name: exported(getattr(tree, part.name)) for part in dataclasses.fields(tree)}
        return {"kind": type(tree).__name__} | fields
    if eqx.is_array(tree) or isinstance(tree, np.ndarray):
        array = np.asarray(tree).astype(HALF)
        return {"shape": list(array.shape), "half": base64.b64encode(array.tobytes()).decode()}
    if isinstance(tree, list | tuple):
        return [exported(part) for part in tree]
    return tree if isinstance(tree, str | int | float | None) else repr(tree)


def loaded(found: Mapping[str, Any], name: str, history: bool, most: int | None) -> tuple[Learner, Tree]:
    """A learner with its arrays as [snapshots, seeds, …], and which steps and seeds those are.

    history: all snapshots, not the last alone; most: how many seeds at most, None for all.
    """
    if "baselines" in found:
        folder: Artefact = found["baselines"]
        single, _ = load_learner(Artefact(folder.path / f"{name}.npz", folder.digest))
        return _each(single, lambda a: np.asarray(a)[None, None]), {"steps": [0], "seeds": [0]}
    learner, steps, seeds = load_blocks(found["trained"])
    first = 0 if history else len(steps) - 1
    told = {"steps": steps[first:].tolist(), "seeds": seeds[:most].tolist()}
    return _each(learner, lambda a: np.asarray(a)[first:, :most]), told


def _each(learner: Any, change: Any) -> Any:
    return jax.tree.map(lambda a: change(a) if eqx.is_array_like(a) else a, learner)


def companion(spec: Mapping[str, Any]) -> str:
    """The page that a spec of the plan asks for."""
    panels, scripts = [], []
    for panel in spec["panels"]:
        learners = {}
        for name, found in panel["learners"].items():
            learner, told = loaded(found, name, name in panel["history"], panel["seeds"])
            look = spec["looks"].get(name, {"label": name, "colour": "#000000"})
            learners[name] = told | look | {"model": exported(learner)}
        panels.append({"name": panel["name"], "learners": learners})
        scripts.append((ROOT / panel["script"]).read_text("utf-8"))
    # "<" would end the script that holds the data.
    data = json.dumps(panels, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return template("companion.html").render(
        run=spec["run"], panels=spec["panels"], data=data, scripts=scripts
    )
