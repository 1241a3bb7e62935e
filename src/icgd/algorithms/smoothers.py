"""Predictors that average labels, or ignore them: rivals that are no descent at all."""

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.task import Task


class Trivial(Learner):
    """Predicts zero, the mean of the labels' law."""

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """Zeros."""
        return jnp.zeros((1, prompt.y.shape[-1]), prompt.y.dtype)


class KernelSmoother(Learner):
    """ŷ = a Σ_j softmax_j(β x_j·x_q) y_j: Nadaraya–Watson with the kernel of softmax attention.

    The output scale a makes up for the shrinkage of an average; a = 1 is the classical smoother. Where
    labels are odd in the inputs, β, a < 0 is as good: it averages the labels opposite the query.
    """

    inverse_temperature: Float[Array, ""]
    scale: Float[Array, ""]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The scaled average of the labels."""
        weights = jax.nn.softmax(self.inverse_temperature * prompt.x @ prompt.query)
        return self.scale * (weights @ prompt.y)[None]

    def fitted(self, prompts: Prompt, targets: Float[Array, "p m"]) -> "KernelSmoother":
        """With the β of a bounded search that keeps its sign, a by least squares at each β."""
        sign = jnp.sign(self.inverse_temperature)

        @jax.jit
        def best_scale(exponent: Array) -> tuple[Array, Array]:
            guess = jax.vmap(KernelSmoother(sign * 10.0**exponent, jnp.ones(())))(prompts)
            scale = jnp.sum(guess * targets) / jnp.sum(guess**2)
            return scale, jnp.mean((scale * guess - targets) ** 2)

        found = scipy.optimize.minimize_scalar(
            lambda exponent: float(best_scale(exponent)[1]), bounds=(-2.0, 3.0), method="bounded"
        )
        return KernelSmoother(sign * 10.0**found.x, best_scale(np.float64(found.x))[0])


def trivial(task: Task, key: Key[Array, ""]) -> Trivial:
    """The predictor of zero."""
    return Trivial()


def kernel_smoother(task: Task, key: Key[Array, ""], *, mirrored: bool = False) -> KernelSmoother:
    """The softmax-kernel smoother, or its mirror image with β < 0, still to be fitted."""
    return KernelSmoother(jnp.asarray(-1.0 if mirrored else 1.0), jnp.ones(()))
