"""How GD++ and trained layers reshape the inputs: the spectrum of XᵀX before and between layers.

What the last layer does to the context has no effect on any prediction and is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.algorithms.descent import GradientDescentPlusPlus
from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import CHUNK, in_double
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt

METRICS = {
    "largest_over_mean": Metric("99.9 % quantile of the eigenvalues of XᵀX over their mean", ("layer",)),
    "density": Metric("density of eigenvalues in units of their mean", ("layer", "relative_eigenvalue")),
    "gain": Metric("vᵀXᵀX′v / s in the first layer, relative to the bin of least s", ("eigenvalue",)),
}
COLUMNS = {
    "eigenvalue": Column("Float64", "lower edge of a bin of eigenvalues s of XᵀX before the first layer"),
    "relative_eigenvalue": Column("Float64", "lower edge of a bin of eigenvalues over their layer's mean"),
}
OTHERS = ()
DENSITY = np.linspace(0, 4, 41)
"""Edges of the bins of eigenvalues divided by their mean at the same layer."""
GAIN = np.linspace(0, 3, 16)
"""Edges of the bins of the original eigenvalues in the gain's curve."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


@eqx.filter_jit
def inputs_by_layer(learners: Learner, prompts: Prompt) -> Float[Array, "seeds p layers n d"]:
    """The context's inputs before the first layer or step, and between each and the next."""

    def one(learner: Learner, prompt: Prompt) -> Array:
        prompt = in_double(prompt)
        if not isinstance(learner, Transformer | GradientDescentPlusPlus):
            raise TypeError(f"{type(learner).__name__} has no inputs between layers or steps")
        states = learner.states(prompt)[0][:-1, :, : prompt.x.shape[-1]]
        return jnp.concatenate([prompt.x[None], states])

    def each_seed(learner: Learner) -> Array:
        return jax.lax.map(lambda prompt: one(learner, prompt), prompts, batch_size=CHUNK)

    return eqx.filter_vmap(each_seed)(learners)


def measure(study: Study, *, learners: list[LearnerName], prompts: PositiveInt = 2048) -> Iterator[Record]:
    """Largest eigenvalues and densities at every layer, and the first layer's gain per eigenvalue.

    The scale of the inputs is a free gauge of a trained layer, so eigenvalues are divided by their
    mean at the same layer (`density`), and the gain of a layer by that of the smallest eigenvalues.
    """
    stored, _ = study.prompts(count=prompts)
    for name in learners:
        population = study.learners[name]
        x = inputs_by_layer(population.learner, stored)
        spectrum = np.asarray(jnp.linalg.eigvalsh(jnp.swapaxes(x, -1, -2) @ x))
        for layer in range(x.shape[2]):
            values = spectrum[:, :, layer]
            tail = {"largest_over_mean": _largest_over_mean(values)}
            yield from study.rows(name, population, tail, layer=layer)
            for edge, share in zip(_edges(DENSITY), _densities(values).T, strict=True):
                where: dict[str, Any] = {"layer": layer, "relative_eigenvalue": edge}
                yield from study.rows(name, population, {"density": share}, **where)
        gains = _gain(np.asarray(x[:, :, 0]), np.asarray(x[:, :, 1]))
        for edge, gain in zip(_edges(GAIN), gains.T, strict=True):
            yield from study.rows(name, population, {"gain": gain}, eigenvalue=edge)


def _edges(bins: np.ndarray) -> list[float]:
    """The lower edges of bins, without the rounding errors of their spacing."""
    return [round(float(edge), 6) for edge in bins[:-1]]


def _largest_over_mean(values: np.ndarray) -> np.ndarray:
    """The 99.9 % quantile over the mean of each seed's eigenvalues, pooled over prompts."""
    pooled = values.reshape(len(values), -1)
    return np.quantile(pooled, 0.999, axis=1) / pooled.mean(axis=1)


def _densities(values: np.ndarray) -> np.ndarray:
    """Density of each seed's eigenvalues in units of their mean [seeds, bins]."""
    scaled = [seed.ravel() / seed.mean() for seed in values]
    width = DENSITY[1] - DENSITY[0]
    return np.stack([np.histogram(seed, DENSITY)[0] / len(seed) / width for seed in scaled])


def _gain(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """vᵀXᵀX′v / s averaged over eigenvectors v of XᵀX with eigenvalue s in each bin [seeds, bins].

    For a polynomial step x ← (I − γS)x it is 1 − γs. What a layer adds from the labels averages out.
    """
    values, vectors = np.linalg.eigh(np.swapaxes(before, -1, -2) @ before)
    moved = np.einsum("spdi,spnd,spne,spei->spi", vectors, before, after, vectors, optimize=True)
    bins = np.digitize(values, GAIN) - 1
    curves = []
    for seed in range(len(values)):
        inside = [bins[seed] == index for index in range(len(GAIN) - 1)]
        with np.errstate(invalid="ignore"):  # a bin may be empty
            curve = np.array([moved[seed][mask].sum() / values[seed][mask].sum() for mask in inside])
        curves.append(curve / curve[0])
    return np.stack(curves)
