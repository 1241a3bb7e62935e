"""What trained models have on their way: W₀ on their features, and algorithms on these from W₀."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.algorithms.descent import GradientDescent
from icgd.algorithms.least_squares import Ridge
from icgd.analysis.study import Population
from icgd.models.attention_stack import Transformer
from icgd.models.feature_models import OnFeatures
from icgd.prompt import Prompt


def own_algorithms(
    population: Population, prompts: Prompt, targets: Float[Array, "p m"]
) -> dict[str, OnFeatures]:
    """Each seed's features with a gradient step from its W₀ at the best rate, and with ridge regression."""
    models = population.learner
    assert isinstance(models, OnFeatures)

    def step(model: OnFeatures) -> OnFeatures:
        assert isinstance(model.head, Transformer)
        start = model.head.initial_weights
        head = GradientDescent(jnp.ones(1), prompts.x.shape[1], start)
        return dataclasses.replace(model, head=head).fitted(prompts, targets)

    # Penalties are searched for seed by seed.
    seeds = [
        jax.tree.map(lambda a, i=i: a[i] if eqx.is_array(a) else a, models)
        for i in range(len(population.seeds))
    ]
    ridges = [
        dataclasses.replace(seed, head=Ridge(jnp.ones(()), free=True)).fitted(prompts, targets)
        for seed in seeds
    ]
    stacked = jax.tree.map(lambda *a: jnp.stack(a) if eqx.is_array(a[0]) else a[0], *ridges)
    return {"own_step": eqx.filter_jit(eqx.filter_vmap(step))(models), "own_ridge": stacked}


def before(model: OnFeatures, prompt: Prompt) -> Float[Array, " m"]:
    """The prediction of the output layer before it has seen the examples: W₀ φ(x_q)."""
    start = model.head.initial_weights if isinstance(model.head, Transformer) else None
    if isinstance(model.head, GradientDescent):
        start = model.head.start
    assert start is not None, "the head has no W₀"
    return start @ model.lift(prompt).query
