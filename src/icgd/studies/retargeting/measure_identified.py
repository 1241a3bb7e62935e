"""Which algorithm is a model that was trained on objectives alone, and what it holds after each block."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.algorithms.objective_descent import ObjectiveDescent
from icgd.analysis.attainment import Ruler
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.models.blocks import PromptedTransformer
from icgd.objectives.dial import OBJECTIVES
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.retargeting.fits import EXACT, Key, active, fits, sensitivities, share_of_most, share_on
from icgd.studies.retargeting.interchange import readouts, swapped_residuals
from icgd.studies.retargeting.knobs import asking
from icgd.tasks.objective_regression import ObjectiveRegression

METRICS = {
    "distance": Metric("‖w − w_a‖² over ‖w_a‖² of an algorithm", ("objective", "algorithm", "steps")),
    "nearest_distance": Metric("the least distance to any algorithm", ("objective",)),
    "carrying": Metric("share of examples with 90 % of the squared sensitivities ∂w/∂y_j", ("objective",)),
    "on_smallest": Metric("share of them on the D examples that the L1 fit meets", ("objective",)),
    "on_largest": Metric("share of them on the D + 1 largest residuals of the L∞ fit", ("objective",)),
    "algorithm_carrying": Metric("as carrying, of an exact fit", ("algorithm",)),
    "residual_readout": Metric("held-out R² of y_j − x_j·w from an example's token", ("objective", "layer")),
    "weight_readout": Metric("held-out R² of the final w from the objective's token", ("objective", "layer")),
    "layer_attainment": Metric(
        "attainment of the objective by what is read of w after a block", ("objective", "layer")
    ),
    "interchange_error": Metric(
        "another prompt's residuals written into a block's examples: squared distance of the answer to "
        "descent resumed there over that of the answer unchanged",
        ("objective", "layer"),
    ),
    "interchange_control": Metric("the same with a random direction written", ("objective", "layer")),
}
COLUMNS = {
    "algorithm": Column("string", "an explicit algorithm"),
    "steps": Column("Int64", "its steps; 0 for an exact fit"),
}
OTHERS = ("fits",)
"""The exact fits."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The model, and long descents on each objective."""
    return [options["learner"], *options["descents"]]


def measure(
    study: Study,
    *,
    learner: LearnerName,
    descents: list[LearnerName],
    prompts: PositiveInt = 1024,
    sensitivity_prompts: PositiveInt = 256,
) -> Iterator[Record]:
    """For a model that reads out weights; `descents` are those on L1, L2 and L∞ in this order."""
    task = study.task()
    assert isinstance(task, ObjectiveRegression)
    stored, _ = study.prompts(count=prompts)
    stored = in_double(stored)
    few = jax.tree.map(lambda a: a[:sensitivity_prompts], stored)
    explicit: dict[str, ObjectiveDescent] = {
        o: _single(study.learners[name]) for o, name in zip(OBJECTIVES, descents, strict=True)
    }
    known, ruler = fits(stored, explicit, float(task.noise_scale)), Ruler.of(stored)
    population = study.learners[learner]
    exact = [known[EXACT[o], 0][:sensitivity_prompts] for o in OBJECTIVES]
    sets = (
        active(few, exact[0], task.dimension, False),
        active(few, exact[2], task.dimension + 1, True),
    )
    least = sensitivities(lambda p: jnp.linalg.solve(p.x.T @ p.x, p.x.T @ p.y[:, 0]), few)
    yield from study.rows("fits", None, {"algorithm_carrying": share_of_most(least)}, algorithm="ols")
    for place, objective in enumerate(OBJECTIVES):
        asked = asking(stored, objective)
        weights = population.map(lambda m, p: jax.vmap(m.weights)(p)[:, -1], asked)
        yield from _distances(study, learner, objective, weights, known)
        yield from _sensed(study, learner, objective, asking(few, objective), sets)
        yield from _inside(study, learner, place, asked, ruler, explicit[objective])


def _single(population: Population) -> ObjectiveDescent:
    single: ObjectiveDescent = jax.tree.map(lambda a: a[0], population.learner)
    return single


def _distances(
    study: Study, name: str, objective: str, weights: Float[Array, "s p d"], known: Mapping[Key, Array]
) -> Iterator[Record]:
    """To every algorithm, and the least."""
    population, found = study.learners[name], []
    for (algorithm, steps), theirs in known.items():
        found.append(jnp.sum((weights - theirs) ** 2, (1, 2)) / jnp.sum(theirs**2))
        place: dict[str, Any] = {"objective": objective, "algorithm": algorithm, "steps": steps}
        yield from study.rows(name, population, {"distance": found[-1]}, **place)
    nearest = {"nearest_distance": jnp.min(jnp.stack(found), axis=0)}
    yield from study.rows(name, population, nearest, objective=objective)


def _sensed(
    study: Study, name: str, objective: str, few: Prompt, sets: tuple[Array, Array]
) -> Iterator[Record]:
    """Which examples the weights depend on."""
    population = study.learners[name]

    def one(model: PromptedTransformer, prompts: Prompt) -> dict[str, Array]:
        sizes = sensitivities(lambda prompt: model.weights(prompt)[-1], prompts)
        smallest, largest = (share_on(sizes, chosen) for chosen in sets)
        return {"carrying": share_of_most(sizes), "on_smallest": smallest, "on_largest": largest}

    found = eqx.filter_jit(lambda prompts: population.map(one, prompts))(few)
    yield from study.rows(name, population, found, objective=objective)


def _inside(
    study: Study, name: str, place: int, asked: Prompt, ruler: Ruler, descent: ObjectiveDescent
) -> Iterator[Record]:
    """What can be read after every block, and what follows when it is replaced."""
    population, objective = study.learners[name], OBJECTIVES[place]
    key = study.key("interchange", objective)
    half = len(asked.y) // 2
    later = ruler.after(half)

    def one(model: PromptedTransformer, prompts: Prompt) -> dict[str, Array]:
        read = readouts(model, prompts, half)
        found = {name: getattr(read, name) for name in ("residual_readout", "weight_readout")}
        found["layer_attainment"] = later.attained(read.weights)[:, place]
        return found | swapped_residuals(model, prompts, read, descent, half, key)

    found = eqx.filter_jit(lambda prompts: population.map(one, prompts))(asked)
    for metric, values in found.items():
        for layer in range(values.shape[1]):
            yield from study.rows(
                name, population, {metric: values[:, layer]}, objective=objective, layer=layer
            )
