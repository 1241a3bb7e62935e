"""Moderated tests of many small samples at once: few seeds, a table of values.

Variances are moderated in the manner of limma (Smyth 2004, Statistical Applications in Genetics and
Molecular Biology 3): they have a scaled inverse-χ² prior, fitted to all of them, in whose d₀ degrees of
freedom each is worth that many more seeds. Tests are against an interval (McCarthy & Smyth 2009,
Bioinformatics 25), shares have a beta prior. Arrays are [k]: one entry per row of the table.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int_]


class Variances(NamedTuple):
    """Moderated variances and their degrees of freedom."""

    variance: Floats
    freedom: Floats


def fit_prior(variance: Floats, freedom: Floats) -> tuple[float, float]:
    """Scale s₀² and degrees of freedom d₀ of the prior of 1 + s², from the moments of its logarithm.

    As in Smyth 2004, section 6.2, but only s² is sampled: of log(1 + s²) the share s²/(1 + s²) scatters, so
    that rows far below the floor are no evidence of equal variances. d₀ is infinite if the logarithms
    scatter no more than samples of one variance would.
    """
    half = freedom / 2
    sampled = variance / (1 + variance)
    centred = np.log1p(variance) - sampled * (special.digamma(half) - np.log(half))
    excess = centred.var(ddof=1) - (sampled**2 * special.polygamma(1, half)).mean()
    if excess < 1e-9:
        return float(np.exp(centred.mean())), np.inf
    log_half: float = optimize.brentq(lambda u: np.log(special.polygamma(1, np.exp(u)) / excess), -30, 30)
    prior = np.exp(log_half)
    return float(np.exp(centred.mean() + special.digamma(prior) - log_half)), float(2 * prior)


def moderate(variance: Floats, freedom: Floats, independent: Floats) -> Variances:
    """1 + s², drawn towards its prior, of which no more degrees of freedom are used than `independent`.

    Variances s² are in units of a floor, the variance that is too small to matter.

    A row far more variable than the prior allows keeps its own variance: d₀ is multiplied with the number
    of rows that the prior expects to be as variable, if that is less than one (after Phipson et al. 2016,
    Annals of Applied Statistics 10). Else many steady rows would make a chaotic one look significant.
    """
    known = freedom > 0
    if known.sum() < 2:
        return Variances(1 + variance, freedom)
    scale, prior = fit_prior(variance[known], freedom[known])
    floored = 1 + variance
    ratio = floored / scale
    tail = stats.chi2.sf(ratio * freedom, freedom) if np.isinf(prior) else stats.f.sf(ratio, freedom, prior)
    expected = np.where(known, np.minimum(1, tail * known.sum()), 1)
    weight = np.minimum(prior, independent) * expected
    total = weight + freedom
    moderated = (weight * scale + freedom * floored) / np.where(total > 0, total, 1)
    return Variances(moderated, total)


def interval_p(difference: Floats, margin: Floats, error: Floats, freedom: Floats) -> Floats:
    """p of |mean difference| ≤ margin, given its standard error; NaN without degrees of freedom."""
    size = np.abs(difference)
    near, far = ((size + side * margin) / error for side in (-1, 1))
    p = special.stdtr(freedom, -near) + special.stdtr(freedom, -far)
    return np.where(freedom > 0, np.minimum(p, 1), np.nan)


def share_p(ours: Ints, our_total: Ints, reference: Ints, reference_total: Ints, prior: float) -> Floats:
    """p of the count `ours` of `our_total` where the reference counts `reference` of `reference_total`.

    Under one common probability, whose prior is a beta distribution with the mean `prior` and the weight
    of one observation, our count given the reference's is beta-binomial. p adds up all outcomes that are
    no likelier than ours.
    """
    found = []
    for count, total, other, other_total in zip(ours, our_total, reference, reference_total, strict=True):
        law = stats.betabinom(total, prior + other, 1 - prior + other_total - other)
        chances = law.pmf(np.arange(total + 1))
        found.append(min(1, chances[chances <= chances[count] * (1 + 1e-9)].sum()))
    return np.array(found, dtype=float)
