"""Everything a measurement looks at: the learners of an experiment and its evaluation prompts."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array

from icgd.results.store import load_arrays
from icgd.spec.build import build_task, load_blocks, load_learner
from icgd.learner import Learner
from icgd.constructions.gradient_layer import interpolate
from icgd.prompt import KINDS
from icgd.task import Task

COLUMNS = ["experiment", "learner", "seed", "step", "condition", "metric", "value"]


@dataclass(frozen=True)
class Population:
    """A learner for each seed, stacked along the first axis; seeds and step None if untrained."""

    learner: Learner
    seeds: Sequence[int | None]
    step: int | None


@dataclass(frozen=True)
class Study:
    """An experiment's variant with its learners loaded.

    `history` holds, for each learner trained here, the populations of its earlier snapshots.
    """

    spec: Mapping[str, Any]
    prompts_folder: Path
    learners: Mapping[str, Population]
    history: Mapping[str, Sequence[Population]]

    @property
    def references(self) -> Mapping[str, list[str]]:
        """For each learner the algorithms that it is compared with, the likeliest first."""
        return self.spec["references"]

    @property
    def compared(self) -> list[str]:
        """The learners that have references, and those references."""
        names = itertools.chain(*([name, *others] for name, others in self.references.items()))
        return list(dict.fromkeys(names))

    def task(self, condition: str) -> Task:
        """The task of a condition."""
        return build_task(self.spec["task"], **self.spec["conditions"][condition])

    def prompts(self, condition: str, count: int | None = None) -> tuple[Any, Array]:
        """The (first `count`) stored prompts of a condition and their targets, in float32."""
        arrays: dict[str, np.ndarray] = {}
        for name in (self.spec["variant"], condition):
            found, header = load_arrays(self.prompts_folder / f"{name}.npz", "prompts")
            arrays |= found
        stacked = {name: jnp.asarray(array[:count]) for name, array in arrays.items()}
        target = stacked.pop("target")
        return KINDS[header["prompt"]](**stacked), target

    def rows(
        self,
        name: str,
        population: Population | None,
        condition: str,
        metrics: Mapping[str, Array | np.ndarray],
    ) -> pd.DataFrame:
        """Tidy rows of metrics, each an array over the population's seeds (None: one, untrained)."""
        seeds = list(population.seeds) if population else [None]
        step = population.step if population else None
        rows = [
            (self.spec["experiment"], name, seed, step, condition, metric, value)
            for metric, values in metrics.items()
            for seed, value in zip(seeds, np.asarray(values, float), strict=True)
        ]
        return pd.DataFrame(rows, columns=COLUMNS).astype({"seed": "Int64", "step": "Int64"})


def _in_double(learner: Learner) -> Learner:
    return jax.tree.map(lambda a: jnp.asarray(a, float) if eqx.is_array_like(a) else a, learner)


def _load_trained(paths: Sequence[Path]) -> list[Population]:
    """Populations of all snapshots, the blocks of seeds joined."""
    learner, steps, numbers = load_blocks(paths)
    seeds = [int(seed) for seed in numbers]

    def snapshot(index: int) -> Learner:
        return _in_double(jax.tree.map(lambda a: a[index] if eqx.is_array_like(a) else a, learner))

    return [Population(snapshot(i), seeds, int(step)) for i, step in enumerate(steps)]


def load_study(
    spec: Mapping[str, Any], prompts: Path, baselines: Sequence[Path], trained: Sequence[Path]
) -> Study:
    """Load every learner of `spec`, its own and those borrowed from other experiments.

    Baselines are in folders <experiment>/<variant>, trained learners in files
    <experiment>/<variant>/<learner>.<seeds>.npz.
    """
    learners: dict[str, Population] = {}
    history: dict[str, Sequence[Population]] = {}
    for name, experiment in spec["baselines"].items():
        folder = next(path for path in baselines if path.parent.name == experiment)
        single, _ = load_learner(folder / f"{name}.npz")
        stacked = jax.tree.map(lambda a: a[None], _in_double(single))
        learners[name] = Population(stacked, [None], None)
    for name, experiment in spec["trained"].items():
        own = [p for p in trained if (p.parents[1].name, p.name.split(".")[0]) == (experiment, name)]
        *earlier, learners[name] = _load_trained(own)
        if experiment == spec["experiment"]:
            history[name] = earlier
    for name, (one, other) in spec["interpolations"].items():
        first, second = learners[one], learners[other]
        target = jax.tree.map(lambda a: a[0], second.learner)
        mixed = eqx.filter_vmap(interpolate, in_axes=(eqx.if_array(0), None))(first.learner, target)
        learners[name] = Population(mixed, first.seeds, first.step)
    return Study(spec, prompts, learners, history)
