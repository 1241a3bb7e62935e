"""Learners as spectral filters: the share p(λ) of the weights that they find along eigenvectors of S = XᵀX/N.

Every iteration on the prompt's gradient is a polynomial in S, and ridge a rational function of it, so that
∂ŷ/∂x_q = p(S) w. Here p is estimated for any learner: vᵀ∂ŷ/∂x_q is regressed on vᵀw over the eigenvectors v
of many prompts, with the slope a function of the eigenvalue that is linear between knots.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import diverged, divergence_bound, outputs_of
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveInt

METRICS = {
    "response": Metric("p(λ), the slope of vᵀ∂ŷ/∂x_q on vᵀw over eigenvectors of XᵀX/N", ("knot",)),
    "off_filter": Metric("share of ‖∂ŷ/∂x_q‖² that p(λ) leaves unexplained"),
}
COLUMNS = {"knot": Column("Float64", "eigenvalue λ of XᵀX/N at which p(λ) is given; in between it is linear")}
OTHERS = ()
KNOTS = np.geomspace(1e-4, 0.5, 25)


class Eigenbasis(NamedTuple):
    """The eigenvectors of each prompt's XᵀX/N, and what is known of them."""

    vectors: np.ndarray
    """[p d d], the vectors in the columns."""
    hats: np.ndarray
    """[p d knots], the shares of the knots in p(λ) at each eigenvalue."""
    weights: np.ndarray
    """vᵀw, [p d m], from the examples: Xw = y."""


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named."""
    return list(options["learners"])


def measure(study: Study, *, learners: list[LearnerName], prompts: PositiveInt = 4096) -> Iterator[Record]:
    """The response at each knot that eigenvalues reach, and the share that it leaves unexplained.

    Prompts on which a learner diverged are left out.
    """
    stored, targets = study.prompts(count=prompts)
    basis, bound = eigenbasis(stored), divergence_bound(targets)
    found = outputs_of({name: study.learners[name].learner for name in learners}, stored, prompts)
    for name in learners:
        kept = ~np.asarray(diverged(found[name].prediction, bound))
        slopes = np.asarray(found[name].sensitivity)
        seeds = [filtered(basis, *one) for one in zip(slopes, kept, strict=True)]
        responses, off = (np.stack(part) for part in zip(*seeds, strict=True))
        yield from study.rows(name, study.learners[name], {"off_filter": off})
        for knot, response in zip(KNOTS, responses.T, strict=True):
            if not np.isnan(response).all():
                yield from study.rows(name, study.learners[name], {"response": response}, knot=float(knot))


def eigenbasis(prompts: Prompt) -> Eigenbasis:
    """The eigenbasis of each of many prompts."""
    x, y = (np.asarray(part, float) for part in (prompts.x, prompts.y))
    moments = np.swapaxes(x, 1, 2)
    values, vectors = np.linalg.eigh(moments @ x / x.shape[1])
    along = np.swapaxes(vectors, 1, 2) @ (moments @ y) / x.shape[1]
    seen = np.clip(values, KNOTS[0], KNOTS[-1])
    hats = np.stack([np.interp(seen, KNOTS, unit) for unit in np.eye(len(KNOTS))], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.where(values[..., None] > 0, along / values[..., None], 0.0)
    return Eigenbasis(vectors, hats, weights)


def filtered(basis: Eigenbasis, slopes: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.floating]:
    """p at the knots by least squares, NaN where no eigenvalue is near, and the share that is left over.

    slopes: ∂ŷ/∂x_q [p m d]; kept: which prompts count.
    """
    along = np.einsum("pdi,pmd->pim", basis.vectors, slopes)[kept]
    design = (basis.hats[kept][:, :, None, :] * basis.weights[kept][..., None]).reshape(-1, len(KNOTS))
    normal = design.T @ design
    response = np.linalg.lstsq(normal, design.T @ along.ravel())[0]
    left = along.ravel() - design @ response
    return np.where(np.diag(normal) > 0, response, np.nan), np.sum(left**2) / np.sum(along**2)
