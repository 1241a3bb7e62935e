"""What softmax heads read: even and odd parts under a change of the query's sign.

Softmax of b_j = x_jᵀK x_q is (1 + b_j − mean b + …)/N: its constant and quadratic terms are even in
x_q, a gradient step is odd. Two heads with opposite K and opposite outputs cancel the even part.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import pandas as pd
from jaxtyping import Array, Float

from icgd.analysis.distances import CHUNK, in_double, predict
from icgd.analysis.study import Population, Study
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer
from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt


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
    study: Study, *, learners: list[str], logit_scales: list[PositiveFloat], prompts: PositiveInt = 8192
) -> pd.DataFrame:
    """Parity of each trained layer's heads, and of constructed ones as a function of the logit scale c.

    The constructed heads' output scale is the least-squares one at each c; they give `loss` and
    `relative_distance`, the mean |ŷ − ŷ_GD| over the mean |y|.
    """
    variant = study.spec["variant"]
    stored, targets = study.prompts(variant, prompts)
    tables = []
    for name in learners:
        population = study.learners[name]
        assert isinstance(population.learner, Transformer)
        heads, summed = parity(population.learner, stored)
        for head in range(heads.shape[1]):
            tables.append(study.rows(name, population, f"head={head}", {"even_over_odd": heads[:, head]}))
        tables.append(study.rows(name, population, variant, {"even_over_odd": summed}))
    step = predict(study.learners[study.references[learners[0]][0]].learner, stored)[0]
    for two, scale in ((two, scale) for two in (False, True) for scale in logit_scales):
        heads_at = SoftmaxHeads(jnp.array([scale], float), jnp.ones(1), two)
        unit = predict(heads_at, stored)[0]
        prediction = unit * jnp.sum(unit * targets) / jnp.sum(unit**2)
        apart = jnp.mean(jnp.abs(prediction - step)) / jnp.mean(jnp.abs(targets))
        metrics = {
            "loss": 0.5 * jnp.mean((prediction - targets) ** 2)[None],
            "relative_distance": apart[None],
        }
        name = "softmax_heads_2" if two else "softmax_heads_1"
        tables.append(study.rows(name, Population(heads_at, [None], None), f"logit_scale={scale}", metrics))
    return pd.concat(tables)
