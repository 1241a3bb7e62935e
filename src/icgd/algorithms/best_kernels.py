"""The best layer of linear attention and the best gradient step on sine waves, in closed form.

See `icgd.theory.sine`. They bound what training can reach with any features, and tell apart whether a model
is the step or better.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.tasks.sine_waves import SineWaves
from icgd.theory import sine as waves


class LinearInLabels(Learner):
    """ŷ = m(x_q) + Σ_j k(x_j, x_q)(y_j − m(x_j)) with k(x, x') = F(x)ᵀ P F(x') and m a wave."""

    mean: Float[Array, " two"]
    """The weights of sin x and cos x in m."""
    kernel: Float[Array, "f f"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        """The prediction."""
        examples, query = waves.harmonics(prompt.x[:, 0]), waves.harmonics(prompt.query[0])
        residual = prompt.y[:, 0] - examples[:, 1:3] @ self.mean
        prediction = query[1:3] @ self.mean + residual @ examples @ self.kernel @ query
        return prediction[None, None]


def best_layer(task: SineWaves, key: Key[Array, ""]) -> LinearInLabels:
    """What one layer of linear attention does at its optimum, on the best features."""
    law = waves.law(task)
    return LinearInLabels(*map(jnp.asarray, (law.mean, waves.layer_kernel(waves.operators(law, law.mean)))))


def best_step(task: SineWaves, key: Key[Array, ""]) -> LinearInLabels:
    """What one step of an output layer does at its optimum, from the best W₀ and on the best features."""
    law = waves.law(task)
    return LinearInLabels(*map(jnp.asarray, (law.mean, waves.step_kernel(waves.operators(law, law.mean)))))
