"""What softmax heads read: even and odd parts under a change of the query's sign.

Softmax of b_j = x_jᵀK x_q is (1 + b_j − mean b + …)/N: its constant and quadratic terms are even in
x_q, a gradient step is odd. Two heads with opposite K and opposite outputs cancel the even part.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Metric, Record
from icgd.analysis.distances import CHUNK, LOSSES, in_double, predict
from icgd.analysis.experiment import Experiment
from icgd.analysis.study import Study, alone
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.prompt import Prompt
from icgd.ranges import LearnerName, PositiveFloat, PositiveInt

METRICS = {
    "even_over_odd": Metric("RMS over prompts of the layer's part even in x_q, over that of the odd one"),
    "head_even_over_odd": Metric("the same of what one head of the first layer adds", ("head",)),
    "rebuilt_distance": Metric("‖ŷ_rebuilt − ŷ‖ over the mean size of targets, of two numbers per head"),
    "loss": Metric(LOSSES["loss"].meaning, ("logit_scale",)),
    "relative_distance": Metric("mean |ŷ − ŷ_ref| over the mean |y|", ("reference", "logit_scale")),
}
COLUMNS = {
    "logit_scale": Column("Float64", "c of constructed heads with logits ±c x_jᵀx_q", option="logit_scales")
}
CONSTRUCTED = {"softmax_heads_1": False, "softmax_heads_2": True}
"""Constructed heads by name, and whether there are two."""
OTHERS = tuple(CONSTRUCTED)


def reads(experiment: Experiment, options: Mapping[str, Any]) -> list[str]:
    """The learners that are named, and the algorithm of the first."""
    names = options["learners"]
    return [*names, experiment.references[names[0]].algorithm]


@eqx.filter_jit
def head_outputs(models: Transformer, prompts: Prompt) -> Float[Array, "seeds p heads m"]:
    """What each head of the first layer adds to the prediction."""

    def one(model: Transformer, prompt: Prompt) -> Array:
        prompt = in_double(prompt)
        m = prompt.y.shape[-1]
        context = jnp.concatenate([prompt.x, prompt.y], axis=-1)
        query = jnp.concatenate([prompt.query, jnp.zeros(m)])[None]
        layer = model.layers[0]
        _, write = layer.products()
        return -jnp.einsum("hab,hb->ha", write, layer.read(query, context)[0])[:, -m:]

    def each_seed(model: Transformer) -> Array:
        return jax.lax.map(lambda prompt: one(model, prompt), prompts, batch_size=CHUNK)

    return eqx.filter_vmap(each_seed)(models)


def parity(models: Transformer, prompts: Prompt) -> tuple[Array, Array]:
    """RMS of the even over that of the odd part: of each head [seeds heads], and of their sum [seeds]."""
    mirrored = dataclasses.replace(prompts, query=-prompts.query)
    forward, backward = head_outputs(models, prompts), head_outputs(models, mirrored)

    def ratio(ahead: Array, behind: Array) -> Array:
        return jnp.sqrt(jnp.mean((ahead + behind) ** 2, axis=1) / jnp.mean((ahead - behind) ** 2, axis=1))

    summed = ratio(forward.sum(axis=2), backward.sum(axis=2))
    return ratio(forward, backward)[..., 0], summed[..., 0]


def rebuilt(model: Transformer, prompts: Prompt) -> Float[Array, "p m"]:
    """Predictions of one layer if of each head only its logits' scale c and its weight of labels a are kept.

    ŷ = Σ_h a_h Σ_j softmax_j(c_h x_j·x_q) y_j, with c_h the mean of KᵀQ's diagonal over inputs and a_h minus
    that of P·V's over labels.
    """
    d = prompts.x.shape[-1]
    scales, writes = (jnp.diagonal(part, axis1=1, axis2=2) for part in model.layers[0].products())
    scale, write = scales[:, :d].mean(axis=1), -writes[:, d:].mean(axis=1)

    def one(prompt: Prompt) -> Array:
        weights = jax.nn.softmax(scale[:, None] * (prompt.x @ prompt.query))
        return write @ (weights @ prompt.y)

    return jax.vmap(one)(in_double(prompts))


class SoftmaxHeads(Learner):
    """Heads with K = ±c I: ŷ = a Σ_j [softmax_j(c x_j·x_q) − softmax_j(−c x_j·x_q)] y_j, or one of them."""

    logit_scale: Float[Array, ""]
    output_scale: Float[Array, ""]
    two: bool = eqx.field(static=True)

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction."""
        logits = self.logit_scale * prompt.x @ prompt.query
        weights = jax.nn.softmax(logits) - (jax.nn.softmax(-logits) if self.two else 0)
        return self.output_scale * (weights @ prompt.y)[None]


def measure(
    study: Study,
    *,
    learners: list[LearnerName],
    logit_scales: list[PositiveFloat],
    prompts: PositiveInt = 8192,
) -> Iterator[Record]:
    """Parity of each trained layer's heads, and what is left of it by two numbers per head.

    Of constructed heads both loss and distance, as a function of the logit scale c.

    The constructed heads' output scale is the least-squares one at each c; they give `loss` and the
    `relative_distance` to the algorithm of the first of `learners`.
    """
    stored, targets = study.prompts(count=prompts)
    for name in learners:
        population = study.learners[name]
        if not isinstance(population.learner, Transformer):
            raise TypeError(f"{type(population.learner).__name__} has no attention heads")
        heads, summed = parity(population.learner, stored)
        for head, ratios in enumerate(heads.T, start=1):
            yield from study.rows(name, population, {"head_even_over_odd": ratios}, head=head)
        yield from study.rows(name, population, {"even_over_odd": summed})
        apart = population.map(rebuilt, stored) - predict(population.learner, stored)
        size = jnp.mean(jnp.linalg.norm(targets, axis=-1))
        far = jnp.linalg.norm(apart, axis=-1).mean(axis=1) / size
        yield from study.rows(name, population, {"rebuilt_distance": far})
    algorithm = study.references[learners[0]].algorithm
    step = predict(study.learners[algorithm].learner, stored)[0]
    for name, scale in itertools.product(CONSTRUCTED, logit_scales):
        heads_at = alone(SoftmaxHeads(jnp.asarray(scale, float), jnp.ones(()), CONSTRUCTED[name]))
        prediction = _best_multiple(predict(heads_at.learner, stored)[0], targets)
        loss = 0.5 * jnp.mean((prediction - targets) ** 2)
        apart = jnp.mean(jnp.abs(prediction - step)) / jnp.mean(jnp.abs(targets))
        yield from study.rows(name, None, {"loss": loss}, logit_scale=scale)
        distance = {"relative_distance": apart}
        yield from study.rows(name, None, distance, logit_scale=scale, reference=algorithm)


def _best_multiple(prediction: Float[Array, "p m"], targets: Float[Array, "p m"]) -> Float[Array, "p m"]:
    """The predictions times what brings them nearest to the targets in least squares."""
    return prediction * jnp.sum(prediction * targets) / jnp.sum(prediction**2)
