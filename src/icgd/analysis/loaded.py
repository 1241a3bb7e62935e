"""Learners of a finished run, to be asked about prompts of one's own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.study import Population, alone
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.results.job import Artefact
from icgd.results.paths import Paths
from icgd.results.store import load_arrays
from icgd.spec.build import build_task, load_blocks, load_learner
from icgd.spec.reading import nearest
from icgd.task import Task


@dataclass(frozen=True)
class Loaded:
    """A learner with all its seeds, as it was at the end of training, and the task that it is for."""

    population: Population
    task: Task

    @property
    def seeds(self) -> list[int | None]:
        """The seeds of its training; [None] for an explicit algorithm."""
        return list(self.population.seeds)

    def __call__(self, prompts: Any) -> Float[Array, "seeds *p m"]:
        """Every seed's prediction on a prompt, or on each of a stack of prompts."""
        stacked = isinstance(prompts, Prompt) and prompts.query.ndim == 2 or _tokens(prompts) == 2
        ask = _each if stacked else _one
        answers: Array = self.population.map(ask, prompts)
        return answers

    def prompts(self, key: Array, count: int) -> tuple[Any, Array]:
        """Fresh prompts of the task and their targets."""
        drawn: tuple[Any, Array] = jax.vmap(self.task.sample)(jax.random.split(key, count))
        return drawn


def _tokens(prompts: Any) -> int:
    return prompts.tokens.ndim if hasattr(prompts, "tokens") else 0


@eqx.filter_jit
def _one(learner: Learner, prompt: Any) -> Array:
    return learner(prompt)


@eqx.filter_jit
def _each(learner: Learner, prompts: Any) -> Array:
    return jax.vmap(learner)(prompts)


def load_learners(results: Path, experiment: str, learner: str, variant: str) -> Loaded:
    """Find a learner among the trained ones and the algorithms of a run."""
    paths = Paths(str(results))
    trained = Path(paths.learner(experiment, variant, learner, "0")).parent
    blocks = sorted(path for path in trained.glob(f"{learner}.*.npz") if path.name.count(".") == 2)
    fitted = Path(paths.baselines(experiment, variant)) / f"{learner}.npz"
    if not blocks and not fitted.is_file():
        known = {
            path.name.partition(".")[0]
            for folder in (trained, fitted.parent)
            for path in folder.glob("*.npz")
        }
        raise LookupError(
            f"{results} has no learner {experiment}/{variant}/{learner}; it has there "
            f"{', '.join(sorted(known)) or 'none'}. Nearest: {nearest(learner, known)}"
        )
    _, header = load_arrays(Artefact(blocks[0] if blocks else fitted), "learner")
    task = build_task(header["task"])
    if not blocks:
        return Loaded(alone(load_learner(Artefact(fitted))[0]), task)
    found, steps, seeds = load_blocks([Artefact(block) for block in blocks])
    last = jax.tree.map(lambda a: jnp.asarray(a[-1]) if eqx.is_array_like(a) else a, found)
    return Loaded(Population(last, [int(seed) for seed in seeds], int(steps[-1])), task)
