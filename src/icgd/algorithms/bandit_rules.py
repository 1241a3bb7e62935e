"""Bandit algorithms for a task: those that the config names."""

import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Key

from icgd.bandits.counting import (
    BayesUpperConfidence,
    CuedThompson,
    Gittins,
    Greedy,
    KnowledgeGradient,
    Thompson,
    Uniform,
    UpperConfidence,
)
from icgd.bandits.gittins import gittins_table
from icgd.bandits.informed import InformationDirected, Optimal, empty_table
from icgd.bandits.policy import Objective
from icgd.bandits.sequential import ExponentialWeights, GradientBandit, WinStayLoseShift
from icgd.ranges import Fraction, NonNegativeFloat, PositiveFloat
from icgd.tasks.bandits import BernoulliBandit


def random(task: BernoulliBandit, key: Key[Array, ""]) -> Uniform:
    """Every arm alike."""
    return Uniform(task.arms, task.pulls)


def greedy(
    task: BernoulliBandit, key: Key[Array, ""], *, share: Fraction = 0.0, decay: NonNegativeFloat = 0.0
) -> Greedy:
    """Greedy on the posterior mean, with a share of random pulls, constant or decaying."""
    return Greedy(task.arms, task.pulls, jnp.asarray(float(share)), float(decay))


def ucb(task: BernoulliBandit, key: Key[Array, ""], *, width: PositiveFloat) -> UpperConfidence:
    """UCB(c), c the width."""
    return UpperConfidence(task.arms, task.pulls, jnp.asarray(width))


def bayes_ucb(task: BernoulliBandit, key: Key[Array, ""]) -> BayesUpperConfidence:
    """Bayes-UCB."""
    grid = np.arange(task.pulls + 1)
    level = 1 - 1 / (grid + 1.0)
    quantiles = scipy.stats.beta.ppf(level[:, None, None], 1 + grid[:, None], 1 + grid)
    return BayesUpperConfidence(task.arms, task.pulls, jnp.asarray(quantiles))


def thompson(
    task: BernoulliBandit,
    key: Key[Array, ""],
    *,
    sharpness: PositiveFloat = 1.0,
    objective: Objective = "max",
) -> Thompson:
    """Thompson sampling, TS(k) with k the sharpness, for an objective."""
    return Thompson(task.arms, task.pulls, jnp.asarray(float(sharpness)), objective)


def cued(task: BernoulliBandit, key: Key[Array, ""], *, reliability: Fraction) -> CuedThompson:
    """Thompson sampling that weighs a cue of known reliability."""
    return CuedThompson(task.arms, task.pulls, jnp.asarray(float(reliability)))


def knowledge_gradient(task: BernoulliBandit, key: Key[Array, ""]) -> KnowledgeGradient:
    """The knowledge gradient for the pulls that are left."""
    return KnowledgeGradient(task.arms, task.pulls)


def gittins(task: BernoulliBandit, key: Key[Array, ""]) -> Gittins:
    """The finite-horizon Gittins index."""
    return Gittins(task.arms, task.pulls, jnp.asarray(gittins_table(task.pulls)))


def optimal(
    task: BernoulliBandit,
    key: Key[Array, ""],
    *,
    temperature: NonNegativeFloat = 0.0,
    objective: Objective = "max",
) -> Optimal:
    """The Bayes-optimal policy, or a softmax of its values."""
    table = empty_table(task.arms, task.pulls)
    return Optimal(task.arms, task.pulls, table, jnp.asarray(float(temperature)), objective)


def information_directed(task: BernoulliBandit, key: Key[Array, ""]) -> InformationDirected:
    """Information-directed sampling."""
    return InformationDirected(task.arms, task.pulls)


def gradient_bandit(
    task: BernoulliBandit, key: Key[Array, ""], *, rate: PositiveFloat, running: bool = False
) -> GradientBandit:
    """Gradient ascent on reward, its baseline ½ or the running mean."""
    return GradientBandit(jnp.asarray(float(rate)), task.arms, running)


def exp3(task: BernoulliBandit, key: Key[Array, ""], *, share: PositiveFloat) -> ExponentialWeights:
    """EXP3."""
    return ExponentialWeights(jnp.asarray(float(share)), task.arms)


def win_stay(task: BernoulliBandit, key: Key[Array, ""], *, share: Fraction = 0.0) -> WinStayLoseShift:
    """Win-stay, lose-shift."""
    return WinStayLoseShift(jnp.asarray(float(share)), task.arms)
