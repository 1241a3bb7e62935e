"""Everything a measurement looks at: the learners of an experiment and its evaluation prompts."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Record
from icgd.constructions.gradient_layer import interpolate
from icgd.learner import Learner
from icgd.prompt import KINDS, Prompt
from icgd.randomness import named_key
from icgd.results.job import Artefact
from icgd.results.store import load_arrays
from icgd.spec.build import build_task, load_blocks, load_learner
from icgd.spec.laws import Condition, fitting_prompts
from icgd.task import Task


@dataclass(frozen=True)
class Population:
    """A learner for each seed, stacked along the first axis; seeds [None] and no step if untrained."""

    learner: Learner
    seeds: Sequence[int | None] = (None,)
    step: int | None = None

    def map(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The function of each seed's learner, stacked; arguments are the same for all."""
        in_axes = (eqx.if_array(0), *(None for _ in arguments))
        return eqx.filter_vmap(function, in_axes=in_axes, axis_size=len(self.seeds))(self.learner, *arguments)


def alone(learner: Learner) -> Population:
    """A single untrained learner as a population."""
    return Population(jax.tree.map(lambda a: jnp.asarray(a)[None] if eqx.is_array_like(a) else a, learner))


class Comparison(NamedTuple):
    """The algorithm that a learner is held to be, and its rivals."""

    algorithm: str
    rivals: Sequence[str]

    @property
    def all(self) -> list[str]:
        """The algorithm first."""
        return [self.algorithm, *self.rivals]


@dataclass(frozen=True)
class Study:
    """An experiment's variant with the learners that a measurement reads.

    `history` holds, for each learner trained here, the populations of its earlier snapshots; `labels` its
    place in the grid that it comes from.
    """

    spec: Mapping[str, Any]
    learners: Mapping[str, Population]
    history: Mapping[str, Sequence[Population]]

    @property
    def conditions(self) -> list[Condition]:
        """The law of the variant, then its shifts."""
        return [Condition(*condition) for condition in self.spec["conditions"]]

    @property
    def law(self) -> Condition:
        """The law that learners were trained on."""
        return self.conditions[0]

    @property
    def references(self) -> Mapping[str, Comparison]:
        """For each learner the algorithms that it is compared with."""
        return {name: Comparison(**found) for name, found in self.spec["references"].items()}

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """For each learner of a grid, its value on every axis."""
        found: Mapping[str, Mapping[str, str]] = self.spec["labels"]
        return found

    @property
    def compared(self) -> list[str]:
        """The learners that have references, and those references."""
        names = itertools.chain(*([name, *other.all] for name, other in self.references.items()))
        return list(dict.fromkeys(names))

    def condition(self, option: str | None, setting: Any) -> Condition:
        """The shift of an option to a setting, or the law for None and None."""
        return next(c for c in self.conditions if (c.option, str(c.setting)) == (option, str(setting)))

    def key(self, *name: str | int) -> Array:
        """A random key of the experiment's own."""
        return named_key(self.spec["seed"], self.spec["experiment"], *name)

    def task(self, condition: Condition | None = None) -> Task:
        """The task of a condition, or of the law."""
        return build_task(self.spec["task"], **(condition.changes if condition else {}))

    def prompts(self, condition: Condition | None = None, count: int | None = None) -> tuple[Any, Array]:
        """The (first `count`) stored prompts of a condition, or of the law, and their targets, in float32."""
        arrays: dict[str, np.ndarray] = {}
        folder: Artefact = self.spec["prompts"]
        for each in dict.fromkeys((self.law.file, (condition or self.law).file)):
            found, header = load_arrays(Artefact(folder.path / f"{each}.npz", folder.digest), "prompts")
            arrays |= found
        stacked = {name: jnp.asarray(array[:count]) for name, array in arrays.items()}
        target = stacked.pop("target")
        return KINDS[header["prompt"]](**stacked), target

    def fitting_prompts(self) -> tuple[Prompt, Float[Array, "p m"]]:
        """The prompts that baselines were fitted on, and their targets."""
        return fitting_prompts(self.spec)

    def rows(
        self,
        name: str,
        population: Population | None,
        metrics: Mapping[str, Any],
        condition: Condition | None = None,
        **columns: Any,
    ) -> Iterator[Record]:
        """Rows for metrics with a value per seed of the population (None: one value, untrained).

        `columns` say what else the rows are about; without a condition they are of the training law.
        """
        seeds = population.seeds if population else [None]
        where = (condition or self.law).columns | columns
        shared = {"experiment": self.spec["name"], "learner": name, **where}
        for metric, values in metrics.items():
            for seed, value in zip(seeds, np.asarray(values, float).reshape(-1), strict=True):
                step = population.step if population else None
                yield shared | {"seed": seed, "step": step, "metric": metric, "value": float(value)}


def _in_double(learner: Learner) -> Learner:
    """By NumPy: JAX would compile a conversion for every shape."""
    return jax.tree.map(lambda a: jnp.asarray(np.asarray(a, float)) if eqx.is_array_like(a) else a, learner)


def _trained(blocks: Sequence[Artefact]) -> list[Population]:
    """Populations of all snapshots, the blocks of seeds joined."""
    learner, steps, numbers = load_blocks(blocks)
    seeds = [int(seed) for seed in numbers]

    def snapshot(index: int) -> Learner:
        return _in_double(jax.tree.map(lambda a: a[index] if eqx.is_array_like(a) else a, learner))

    return [Population(snapshot(i), seeds, int(step)) for i, step in enumerate(steps)]


def _interpolated(first: Population, second: Population) -> Population:
    target = jax.tree.map(lambda a: a[0], second.learner)
    return Population(first.map(interpolate, target), first.seeds, first.step)


def load_study(spec: Mapping[str, Any]) -> Study:
    """Load the learners that the spec of a comparison names, the experiment's own and borrowed ones."""
    learners: dict[str, Population] = {}
    history: dict[str, Sequence[Population]] = {}
    for name, found in spec["learners"].items():
        if "baselines" in found:
            folder: Artefact = found["baselines"]
            single, _ = load_learner(Artefact(folder.path / f"{name}.npz", folder.digest))
            learners[name] = alone(_in_double(single))
        elif found:
            *earlier, learners[name] = _trained(found["trained"])
            if found["own"]:
                history[name] = earlier
    for name, (one, other) in spec["interpolations"].items():
        learners[name] = _interpolated(learners[one], learners[other])
    return Study(spec, {name: learners[name] for name in spec["learners"]}, history)
