"""Which algorithm is a model that was trained on objectives alone, and what it holds after each block."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

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
from icgd.studies.retargeting.fits import EXACT, Named, active, fits, sensitivities, share_of_most, share_on
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
    smallest = active(few, exact[0], task.dimension, False)
    largest = active(few, exact[2], task.dimension + 1, True)
    least = sensitivities(lambda p: jnp.linalg.solve(p.x.T @ p.x, p.x.T @ p.y[:, 0]), few)
    yield from study.rows("fits", None, {"algorithm_carrying": share_of_most(least)}, algorithm="ols")
    for place, objective in enumerate(OBJECTIVES):
        asked = asking(stored, objective)
        weights = _by_seed(_weights, population.learner, asked)
        yield from _distances(study, learner, objective, weights, known)
        sensed = _by_seed(_sensed, population.learner, asking(few, objective), smallest, largest)
        yield from study.rows(learner, population, sensed, objective=objective)
        key = study.key("interchange", objective)
        inside = _by_seed(_inside, population.learner, asked, ruler, explicit[objective], key)
        inside["layer_attainment"] = inside["layer_attainment"][..., place]
        for layer in range(inside["layer_attainment"].shape[1]):
            found = {metric: values[:, layer] for metric, values in inside.items()}
            yield from study.rows(learner, population, found, objective=objective, layer=layer)


def _single(population: Population) -> ObjectiveDescent:
    single: ObjectiveDescent = jax.tree.map(lambda a: a[0], population.learner)
    return single


def _distances(
    study: Study, name: str, objective: str, weights: Float[Array, "s p d"], known: Mapping[Named, Array]
) -> Iterator[Record]:
    """To every algorithm, and the least."""
    population, found = study.learners[name], []
    for (algorithm, steps), theirs in known.items():
        found.append(jnp.sum((weights - theirs) ** 2, (1, 2)) / jnp.sum(theirs**2))
        place: dict[str, Any] = {"objective": objective, "algorithm": algorithm, "steps": steps}
        yield from study.rows(name, population, {"distance": found[-1]}, **place)
    nearest = {"nearest_distance": jnp.min(jnp.stack(found), axis=0)}
    yield from study.rows(name, population, nearest, objective=objective)


@eqx.filter_jit
def _by_seed(function: Callable[..., Any], learners: Any, *arguments: Any) -> Any:
    """The function of each seed's model; compiled once for all objectives."""
    in_axes = (eqx.if_array(0), *(None for _ in arguments))
    return eqx.filter_vmap(function, in_axes=in_axes)(learners, *arguments)


def _weights(model: PromptedTransformer, prompts: Prompt) -> Float[Array, "p d"]:
    return jax.vmap(model.weights)(prompts)[:, -1]


def _sensed(model: PromptedTransformer, few: Prompt, smallest: Array, largest: Array) -> dict[str, Array]:
    """Which examples the weights depend on."""
    sizes = sensitivities(lambda prompt: model.weights(prompt)[-1], few)
    on = {"on_smallest": share_on(sizes, smallest), "on_largest": share_on(sizes, largest)}
    return {"carrying": share_of_most(sizes)} | on


def _inside(
    model: PromptedTransformer, asked: Prompt, ruler: Ruler, descent: ObjectiveDescent, key: Key[Array, ""]
) -> dict[str, Array]:
    """By layer, what can be read after every block, and what follows when it is replaced."""
    half = len(asked.y) // 2
    read = readouts(model, asked, half)
    found = {name: getattr(read, name) for name in ("residual_readout", "weight_readout")}
    found["layer_attainment"] = ruler.after(half).attained(read.weights)
    return found | swapped_residuals(model, asked, read, descent, half, key)
