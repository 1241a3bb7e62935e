"""Distances between learners (von Oswald et al. 2023, section 3 and figure 2).

Sensitivities ∂ŷ/∂x_q have shape [m, d]; prediction and sensitivity differences are Euclidean norms,
averaged over prompts. All functions keep the seed axis first.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.learners.base import Learner
from icgd.prompt import Prompt

CHUNK = 8192


class Outputs(NamedTuple):
    """Predictions and sensitivities of each seed's learner on each prompt."""

    prediction: Float[Array, "seeds p m"]
    sensitivity: Float[Array, "seeds p m d"]


def in_double(prompt: Prompt) -> Prompt:
    """A stored float32 prompt in float64, one at a time to save memory."""
    return jax.tree.map(lambda array: array.astype(float), prompt)


@eqx.filter_jit
def outputs(learners: Learner, prompts: Prompt) -> Outputs:
    """Evaluate a stack of learners on a stack of prompts, a chunk of prompts at a time."""

    def one(learner: Learner, prompt: Prompt) -> Outputs:
        prompt = in_double(prompt)

        def predict(query: Float[Array, " d"]) -> tuple[Array, Array]:
            prediction = learner(Prompt(prompt.x, prompt.y, query))
            return prediction, prediction

        sensitivity, prediction = jax.jacrev(predict, has_aux=True)(prompt.query)
        return Outputs(prediction, sensitivity)

    def each_seed(learner: Learner) -> Outputs:
        return jax.lax.map(lambda prompt: one(learner, prompt), prompts, batch_size=CHUNK)

    leaves = jax.tree.leaves(eqx.filter(learners, eqx.is_array))
    seeds = leaves[0].shape[0] if leaves else 1  # a learner without weights stands for one
    return eqx.filter_vmap(each_seed, axis_size=seeds)(learners)


def losses(found: Outputs, targets: Float[Array, "p m"]) -> Float[Array, "seeds p"]:
    """½‖ŷ − y‖² of each prompt."""
    return 0.5 * jnp.sum((found.prediction - targets) ** 2, axis=-1)


def distances(ours: Outputs, theirs: Outputs) -> dict[str, Float[Array, " seeds"]]:
    """Mean prediction and sensitivity differences, and the sensitivities' mean cosine.

    The cosine with a learner whose sensitivity vanishes (the trivial one) is undefined: NaN.
    """
    difference = jnp.linalg.norm(ours.prediction - theirs.prediction, axis=-1)
    flat, other = (s.reshape(*s.shape[:2], -1) for s in (ours.sensitivity, theirs.sensitivity))
    norms = jnp.linalg.norm(flat, axis=-1) * jnp.linalg.norm(other, axis=-1)
    return {
        "prediction_l2": jnp.mean(difference, axis=1),
        "sensitivity_cosine": jnp.mean(jnp.sum(flat * other, axis=-1) / norms, axis=1),
        "sensitivity_l2": jnp.mean(jnp.linalg.norm(flat - other, axis=-1), axis=1),
    }


def loss_metrics(
    values: Float[Array, "seeds p"], reference: Float[Array, "1 p"]
) -> dict[str, Float[Array, " seeds"]]:
    """Mean loss, its relative standard error over prompts, and the excess over the reference.

    The excess is (L − L_ref)/L_ref on the same prompts: the reference acts as a control variate,
    so its standard error (also returned) is far below that of either loss.
    """
    count = values.shape[1]
    mean, base = jnp.mean(values, axis=1), jnp.mean(reference)
    ratio = mean / base
    spread = jnp.std(values - ratio[:, None] * reference, axis=1)
    return {
        "loss": mean,
        "loss_relative_standard_error": jnp.std(values, axis=1) / jnp.sqrt(count) / mean,
        "relative_excess_loss": ratio - 1,
        "relative_excess_loss_standard_error": spread / jnp.sqrt(count) / base,
    }
