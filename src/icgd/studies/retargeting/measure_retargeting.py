"""How far a change of a part of a network turns what it descends on, and at what cost.

The error to an objective is MSE / mean(ŷ²) of descent on it. With E₀ the error of the network at its home,
descent on L2, under the best rescaling of its output, and E that after a knob was turned to an objective, the
knob's score is 1 − E/E₀: 0 for what rescaling alone does, 1 for the algorithm itself.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float

from icgd.analysis.distances import predict
from icgd.analysis.study import Population, Study
from icgd.constructions.objective_circuit import dial_circuit
from icgd.learner import Learner
from icgd.models.adapters import Adapted, count
from icgd.objectives.dial import OBJECTIVES, Dial
from icgd.prompt import Prompt
from icgd.ranges import Fraction, PositiveInt
from icgd.studies.retargeting.measure_circuits import asking, far
from icgd.studies.retargeting.measure_prompted import KINDS
from icgd.tasks.objective_regression import ObjectiveRegression

TOWARDS = "_to_"
HOME = "l2"


def measure(
    study: Study,
    *,
    home: str,
    random: str,
    prompted: list[str],
    exact: list[str],
    paths: list[str],
    shares: list[Fraction],
    prompts: PositiveInt = 1024,
) -> pd.DataFrame:
    """Errors to every objective, scores and numbers of parameters of all learners <change>_to_<objective>.

    `home` is the network that they change; <random>_<change>_to_… change a random network, and
    `score_over_random` is what the home's score has beyond the mean of theirs. Of `prompted` learners the
    knob is their prompt, and those in `exact` are measured against exact fits; that of `dial`, the circuit
    without a prompt, is (η, τ, β) of every step. Conditions share=… lie on the
    straight path from the home's weights to those after a change in `paths`; `largest_rise` is of the error
    aimed at.
    """
    stored, _ = study.prompts(study.spec["variant"], prompts)
    ruler, fits = (_ruler(stored, study, KINDS[kind]) for kind in ("margin", "exact_margin"))
    start = study.learners[home]
    answer = ruler.answers(start)
    tables = [study.rows(home, start, "test", ruler.errors(answer) | ruler.rescaled(answer) | _size(start))]
    for name, target in _targets(study, home):
        population, control = study.learners[name], study.learners.get(f"{random}_{name}")
        metrics = _turned(ruler, population, control, answer, target)
        tables.append(study.rows(name, population, "test", metrics))
    for name in prompted:
        measured = (fits if name in exact else ruler).prompted(study.learners[name])
        tables.append(study.rows(name, study.learners[name], "test", measured))
    tables.append(study.rows("dial", None, "test", ruler.dial()))
    for name, target in _targets(study, home):
        if name.removesuffix(TOWARDS + target) in paths:
            tables += _path(study, ruler, start, name, target, shares)
    return pd.concat(tables)


class Ruler(NamedTuple):
    """The stored prompts, and measures of distance on them to one algorithm for each objective."""

    stored: Prompt
    study: Study
    algorithms: Mapping[str, Float[Array, "1 p"]]
    """What the algorithm of each objective predicts."""

    def answers(self, population: Population, objective: str = HOME) -> Float[Array, "seeds p"]:
        """Predictions when asked for an objective."""
        return _answers(population, self.stored, objective)

    def error(self, ours: Float[Array, "s p"], objective: str) -> Float[Array, " s"]:
        """MSE over the mean square of the algorithm's predictions."""
        theirs = self.algorithms[objective]
        return jnp.mean((ours - theirs) ** 2, axis=1) / jnp.mean(theirs**2)

    def errors(self, ours: Float[Array, "s p"]) -> dict[str, Float[Array, " s"]]:
        """The error to every objective."""
        return {f"error{TOWARDS}{name}": self.error(ours, name) for name in OBJECTIVES}

    def rescaled(self, ours: Float[Array, "s p"]) -> dict[str, Float[Array, " s"]]:
        """The error to every objective under the best rescaling of the predictions."""
        return {f"rescaled_error{TOWARDS}{name}": self.least(ours, name) for name in OBJECTIVES}

    def least(self, ours: Float[Array, "s p"], objective: str) -> Float[Array, " s"]:
        """The error at the best scale: 1 − ⟨ŷ a⟩²/(⟨ŷ²⟩⟨a²⟩)."""
        theirs = self.algorithms[objective]
        shared = jnp.mean(ours * theirs, axis=1) ** 2
        return 1 - shared / (jnp.mean(ours**2, axis=1) * jnp.mean(theirs**2))

    def score(self, turned: Array, home: Array, target: str) -> Float[Array, " s"]:
        """1 − E/E₀."""
        return 1 - self.error(turned, target) / self.least(home, target)

    def knob(self, turned: Mapping[str, Float[Array, "s p"]], size: int = 0) -> dict[str, Float[Array, " s"]]:
        """Errors and scores of a knob of `size` parameters, from the predictions at each of its settings."""
        found = {}
        for name, ours in turned.items():
            found[f"error{TOWARDS}{name}"] = self.error(ours, name)
            if name != HOME:
                found[f"score{TOWARDS}{name}"] = self.score(ours, turned[HOME], name)
        return found | {"parameters": jnp.full(len(turned[HOME]), float(size))}

    def prompted(self, population: Population) -> dict[str, Float[Array, " s"]]:
        """Errors and scores of a learner whose knob is its prompt."""
        turned: dict[str, Array] = {name: self.answers(population, name) for name in OBJECTIVES}
        return self.knob(turned)

    def dial(self) -> dict[str, Float[Array, " 1"]]:
        """Errors and scores of the constructed circuit whose knob is its dial."""
        task = self.study.task(self.study.spec["variant"])
        assert isinstance(task, ObjectiveRegression)
        turned: dict[str, Array] = {}
        for name in OBJECTIVES:
            dial = far(task) if name == HOME else task.dial(name)
            circuit = dial_circuit(task.dimension, task.context_length, dial)
            stacked = jax.tree.map(lambda a: a[None], circuit)
            turned[name] = self.answers(Population(stacked, [None], None), name)
        return self.knob(turned, len(Dial._fields) * task.steps)


def _answers(population: Population, stored: Prompt, objective: str) -> Float[Array, "seeds p"]:
    return predict(population.learner, asking(stored, objective))[..., 0]


def _ruler(stored: Prompt, study: Study, algorithms: Mapping[str, str]) -> Ruler:
    """The ruler of some algorithms, named by objective."""
    found = {name: _answers(study.learners[learner], stored, name) for name, learner in algorithms.items()}
    return Ruler(stored, study, found)


def _turned(
    ruler: Ruler, population: Population, control: Population | None, home: Array, target: str
) -> dict[str, Float[Array, " s"]]:
    """Errors, size and score of a change towards an objective; the control is a random network's."""
    found = ruler.answers(_merged(population), target)
    score = ruler.score(found, home, target)
    metrics = ruler.errors(found) | _size(population) | {f"score{TOWARDS}{target}": score}
    if control:
        chance = ruler.score(ruler.answers(_merged(control), target), home, target)
        metrics["score_over_random"] = score - jnp.mean(chance)
    return metrics


def _targets(study: Study, home: str) -> Iterator[tuple[str, str]]:
    """The learners that are trained here to change to an objective, and which."""
    for name, source in study.spec["trained"].items():
        if source == study.spec["experiment"] and name != home:
            yield name, name.rpartition(TOWARDS)[2]


def _merged(population: Population) -> Population:
    """The same with every change made, so that all have one form."""
    if not isinstance(population.learner, Adapted):
        return population
    merged = eqx.filter_vmap(lambda learner: learner.merged())(population.learner)
    return Population(merged, population.seeds, population.step)


def _size(population: Population) -> dict[str, Float[Array, " s"]]:
    """The number of parameters that are trained, and its share of the whole network's."""
    learner, seeds = population.learner, len(population.seeds)
    parts = (learner.change, learner.base) if isinstance(learner, Adapted) else (learner, learner)
    trained, whole = count(parts[0]), count(parts[1])
    return {
        "parameters": jnp.full(seeds, trained / seeds),
        "share_of_parameters": jnp.full(seeds, trained / whole),
    }


def _between(first: Learner, last: Learner, share: float) -> Learner:
    return jax.tree.map(
        lambda a, b: (1 - share) * a + share * b if eqx.is_inexact_array(a) else a, first, last
    )


def _path(
    study: Study, ruler: Ruler, start: Population, name: str, target: str, shares: list[float]
) -> Iterator[pd.DataFrame]:
    """Errors to the home's objective and to the target, and how far the latter ever rises again."""
    end = _merged(study.learners[name])
    along = []
    for share in shares:
        between = Population(_between(start.learner, end.learner, share), end.seeds, end.step)
        found = ruler.answers(between)
        along.append(ruler.error(found, target))
        metrics = {f"error{TOWARDS}{HOME}": ruler.error(found, HOME), "error_to_target": along[-1]}
        yield study.rows(name, end, f"share={share}", metrics)
    rises = jnp.max(jnp.diff(jnp.stack(along), axis=0), axis=0, initial=0.0)
    yield study.rows(name, end, "test", {"largest_rise": rises})
