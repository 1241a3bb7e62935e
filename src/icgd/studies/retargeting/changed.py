"""What a change makes of a network: its weights, how many were trained, those half-way, and swapped parts."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from icgd.learner import Learner
from icgd.models.adapters import Adapted, count
from icgd.models.blocks import PromptedTransformer
from icgd.prompt import Prompt


def merged(learners: Learner) -> PromptedTransformer:
    """A stack of learners with every change made, so that all have one form."""
    if not isinstance(learners, Adapted):
        assert isinstance(learners, PromptedTransformer)
        return learners
    made: PromptedTransformer = eqx.filter_vmap(lambda learner: learner.merged())(learners)
    return made


def trained_numbers(learners: Learner, seeds: int) -> int:
    """How many parameters of each learner of a stack are trained."""
    return count(learners.change if isinstance(learners, Adapted) else learners) // seeds


@eqx.filter_jit
def weights_of(learners: PromptedTransformer, prompts: Prompt) -> Float[Array, "seeds p d"]:
    """The weights that each of a stack of models reads out."""
    return eqx.filter_vmap(lambda m: jax.vmap(m.weights)(prompts)[:, -1])(learners)


def between(first: PromptedTransformer, last: PromptedTransformer, share: float) -> PromptedTransformer:
    """Models on the straight line of weights from the first (0) to the last (1), and beyond."""
    made: PromptedTransformer = jax.tree.map(
        lambda a, b: (1 - share) * a + share * b if eqx.is_inexact_array(a) else a, first, last
    )
    return made


def parts(model: PromptedTransformer) -> list[str]:
    """Names of the parts that can be swapped: what reads tokens in, layers by block, the readout."""
    blocks = range(1, len(model.blocks) + 1)
    return ["embedding", *(f"{layer}_{b}" for b in blocks for layer in ("attention", "mlp")), "readout"]


def swapped(into: PromptedTransformer, source: PromptedTransformer, part: str) -> PromptedTransformer:
    """A model with one part of another."""

    def chosen(model: PromptedTransformer) -> list[object]:
        if part == "embedding":
            return [model.embedding, model.kinds]
        if part == "readout":
            return [model.readout]
        layer, _, block = part.partition("_")
        return [getattr(model.blocks[int(block) - 1], layer)]

    made: PromptedTransformer = eqx.tree_at(chosen, into, chosen(source))
    return made


BINS = np.linspace(0.0, 2.5, 11)
"""Ends of the bins of |r| over the RMS residual in which slopes of ψ are averaged."""


@eqx.filter_jit
def psi_slopes(learners: PromptedTransformer, prompts: Prompt) -> Float[Array, "seeds bins"]:
    """How much weights follow a label, by the size of its residual: ∝ ψ′(r) for descent on Σ ψ.

    For example j it is x_jᵀ S (∂w/∂y_j)/‖x_j‖², S = XᵀX/N; a mean over examples whose |r| is in a bin,
    divided by the root mean square over bins.
    """

    def one(model: PromptedTransformer, prompt: Prompt) -> tuple[Array, Array]:
        def weights(y: Float[Array, "n 1"]) -> Float[Array, " d"]:
            return model.weights(eqx.tree_at(lambda p: p.y, prompt, y))[-1]

        jacobian = jax.jacrev(weights)(prompt.y)[..., 0]
        moment = prompt.x.T @ prompt.x / len(prompt.x)
        follow = jnp.sum(prompt.x * (moment @ jacobian).T, axis=1) / jnp.sum(prompt.x**2, axis=1)
        size = jnp.abs(prompt.y[:, 0] - prompt.x @ weights(prompt.y))
        return follow, size

    def seed(model: PromptedTransformer) -> Float[Array, " bins"]:
        follow, size = jax.vmap(lambda p: one(model, p))(prompts)
        which = jnp.digitize(size / jnp.sqrt(jnp.mean(size**2)), BINS[1:-1])
        member = which[..., None] == jnp.arange(len(BINS) - 1)
        slope = jnp.sum(follow[..., None] * member, (0, 1)) / jnp.maximum(jnp.sum(member, (0, 1)), 1)
        return slope / jnp.sqrt(jnp.mean(slope**2))

    return eqx.filter_vmap(seed)(learners)
