"""What can be read out of the residual stream, and which heads and biases the answers need."""

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Population, Study
from icgd.bandits.posterior import posterior_mean
from icgd.models.history_model import HistoryModel
from icgd.ranges import LearnerName, PositiveFloat, PositiveInt
from icgd.studies.bandits.crowd import (
    answers,
    chance,
    crowd,
    law_of,
    members,
    most_reward,
    play_all,
    variation,
)

METRICS = {
    "readout": Metric("R² of a ridge regression from the stream, on other histories", ("layer", "quantity")),
    "shuffled_readout": Metric("the same, labels being those of other histories", ("layer", "quantity")),
    "head_effect": Metric("total variation to the answers without a head", ("layer", "head")),
    "bias_effect": Metric("total variation to the answers without a layer's position biases", ("layer",)),
}
COLUMNS: Mapping[str, Column] = {
    "quantity": Column("string", "what is read out: mean, wins or losses of all arms")
}
OTHERS = members


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """All that are trained, since those side by side have names of their own."""
    return list(experiment.trained)


def measure(
    study: Study, *, learners: list[LearnerName], prompts: PositiveInt = 256, penalty: PositiveFloat = 1e-3
) -> Iterator[Record]:
    """On own histories; half of them are fitted to, half tested on."""
    policies, first = crowd(study), most_reward(study)
    arms, key = law_of(study).arms, study.key("shuffled")
    here = chance(study, prompts)
    for name in learners:
        population = policies[name]
        tokens = play_all(population, here, first).tokens
        streams = jax.vmap(_streams)(population.learner, tokens)
        for quantity, labels in quantities(tokens, arms).items():
            shuffled = jax.random.permutation(key, labels, axis=1)
            for layer in range(streams.shape[2]):
                stream = streams[:, :, layer]
                found = {
                    "readout": jax.vmap(lambda x, y: explained(x, y, penalty))(stream, labels),
                    "shuffled_readout": jax.vmap(lambda x, y: explained(x, y, penalty))(stream, shuffled),
                }
                yield from study.rows(name, population, found, layer=layer, quantity=quantity)
        yield from _ablations(study, name, population, tokens)


def _ablations(
    study: Study, name: str, population: Population, tokens: Int[Array, "s p t"]
) -> Iterator[Record]:
    """Answers without each layer's position biases, and without each of its heads."""
    model, whole = population.learner, answers(population, tokens)
    assert isinstance(model, HistoryModel)

    def effect(changed: Any) -> Float[Array, " s"]:
        other = answers(Population(changed, population.seeds, population.step), tokens)
        return variation(whole, other).mean(axis=(1, 2))

    for depth in range(len(model.blocks)):
        yield from study.rows(
            name, population, {"bias_effect": effect(unbiased(model, depth))}, layer=depth + 1
        )
        for head in range(model.blocks[depth].attention.projection.shape[1]):
            found = {"head_effect": effect(headless(model, depth, head))}
            yield from study.rows(name, population, found, layer=depth + 1, head=head + 1)


def unbiased(models: HistoryModel, depth: int) -> HistoryModel:
    """Stacked models without a layer's position biases."""
    return eqx.tree_at(lambda m: m.blocks[depth].attention.position_bias, models, replace_fn=jnp.zeros_like)


def headless(models: HistoryModel, depth: int, head: int) -> HistoryModel:
    """Stacked models without what a head writes."""
    return eqx.tree_at(
        lambda m: m.blocks[depth].attention.projection,
        models,
        replace_fn=lambda projection: projection.at[:, head].set(0.0),
    )


@eqx.filter_jit
def _streams(model: Any, tokens: Int[Array, "p t"]) -> Float[Array, "p stages t e"]:
    return jax.vmap(model.streams)(tokens)


def quantities(tokens: Int[Array, "s p t"], arms: int) -> dict[str, Float[Array, "s p t a"]]:
    """What is known of every arm after each token."""
    pulls = jax.nn.one_hot(jnp.where(tokens < 2 * arms, tokens, -1), 2 * arms)
    counts = jnp.cumsum(pulls, axis=2)
    losses, wins = counts[..., 0::2], counts[..., 1::2]
    return {"mean": posterior_mean(wins, losses), "wins": wins, "losses": losses}


def explained(
    stream: Float[Array, "p t e"], labels: Float[Array, "p t a"], penalty: float
) -> Float[Array, ""]:
    """R² on the second half of the histories of a ridge regression on the first."""
    half = len(stream) // 2
    x = jnp.concatenate([stream, jnp.ones((*stream.shape[:2], 1))], axis=2)
    fit_x, test_x = (part.reshape(-1, x.shape[2]) for part in (x[:half], x[half:]))
    fit_y, test_y = (part.reshape(-1, labels.shape[2]) for part in (labels[:half], labels[half:]))
    gram = fit_x.T @ fit_x / len(fit_x)
    weights = jnp.linalg.solve(gram + penalty * jnp.eye(len(gram)), fit_x.T @ fit_y / len(fit_x))
    left = jnp.sum((test_y - test_x @ weights) ** 2)
    return 1 - left / jnp.sum((test_y - fit_y.mean(axis=0)) ** 2)
