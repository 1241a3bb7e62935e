"""The weights of every layer of causal stacks, and the steps that can be read off them."""

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.constructions.causal_layers import causal_layers, steps_of
from icgd.constructions.gauge import gauged
from icgd.learner import Learner
from icgd.models.causal_stack import CausalTransformer
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt
from icgd.studies.causal.answers import answers, apart, mean_losses

PLACE = ("layer", "head", "row", "column")
METRICS = {
    "key_query": Metric("entry of KᵀQ; of a linear layer over the mean of its x-diagonal", PLACE),
    "projection_value": Metric("entry of P·V, times that mean", PLACE),
    "rate": Metric("rate ρ per example that is read off P·V", ("layer",)),
    "shrinkage": Metric("shrinkage γ per example that is read off P·V", ("layer",)),
    "label_weight": Metric("weight β of labels beside inputs that is read off KᵀQ", ("layer",)),
    "rebuilt_distance": Metric(
        "‖ŷ − ŷ_rebuilt‖ over the mean size of targets, mean over positions", ("numbers",)
    ),
    "relative_excess_of_rebuilt": Metric(
        "(L_rebuilt − L)/L on the same prompts, mean over positions", ("numbers",)
    ),
}
COLUMNS = {"numbers": Column("Int64", "numbers per layer that a stack is rebuilt from: ρ and γ, then also β")}
OTHERS = ()


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(study: Study, *, learners: list[LearnerName], prompts: PositiveInt = 8192) -> Iterator[Record]:
    """One row per matrix entry; stacks of single linear heads are also rebuilt from numbers per layer."""
    stored, targets = study.prompts(count=prompts)
    for name in learners:
        population = study.learners[name]
        model = _checked(name, population.learner)
        for depth in range(len(model.layers)):
            yield from _entries(study, name, population, depth, stored.x.shape[-1])
        if all(layer.kernel == "linear" and layer.key.shape[1] == 1 for layer in model.layers):
            yield from _rebuilt(study, name, population, stored, targets)


def _rebuilt(
    study: Study, name: str, population: Population, prompts: Prompt, targets: Float[Array, "p n m"]
) -> Iterator[Record]:
    """The steps of every layer, and how far stacks that are made of them alone are from the learner."""
    d, m = prompts.x.shape[-1], prompts.y.shape[-1]
    model = _checked(name, population.learner)
    steps = population.map(lambda one: steps_of(one, d))
    for depth in range(len(model.layers)):
        read = zip(("rate", "shrinkage", "label_weight"), steps, strict=True)
        layer = {metric: values[:, depth] for metric, values in read}
        yield from study.rows(name, population, layer, layer=depth + 1)
    ours = answers(population, prompts)
    for numbers, kept in ((2, steps._replace(label_weights=0 * steps.label_weights)), (3, steps)):
        rebuilt = jax.vmap(lambda steps: causal_layers(steps, d, m, model.strict))(kept)
        theirs = answers(Population(rebuilt, population.seeds), prompts)
        losses = [mean_losses(each, targets).mean(axis=1) for each in (ours, theirs)]
        found = {
            "rebuilt_distance": apart(ours, theirs, targets).mean.mean(axis=1),
            "relative_excess_of_rebuilt": losses[1] / losses[0] - 1,
        }
        yield from study.rows(name, population, found, numbers=numbers)


def _entries(study: Study, name: str, population: Population, depth: int, d: int) -> Iterator[Record]:
    layers = population.map(lambda model: gauged(model.layers[depth], d))
    bilinear, write = map(np.asarray, layers)
    for head, row, column in np.ndindex(bilinear.shape[1:]):
        entries = {
            "key_query": bilinear[:, head, row, column],
            "projection_value": write[:, head, row, column],
        }
        where = {"layer": depth + 1, "head": head + 1, "row": row, "column": column}
        yield from study.rows(name, population, entries, **where)


def _checked(name: str, model: Learner) -> CausalTransformer:
    if not isinstance(model, CausalTransformer):
        raise TypeError(f"weights are shown of causal stacks; {name} is of {type(model).__name__}")
    return model
