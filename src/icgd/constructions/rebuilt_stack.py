"""What a trained stack of linear attention is if of each layer only two numbers are kept.

A layer of GD++ has KᵀQ = diag(1 … 1, 0) and P·V = −diag(γ … γ, η)/N, up to the factor that a layer's products
may exchange. Here a trained layer's η and γ are read off these diagonals, and everything else is dropped.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from icgd.algorithms.stepwise_descent import DEEPEST, StepwiseDescent
from icgd.constructions.gauge import gauged
from icgd.models.attention_stack import Transformer
from icgd.models.layers import Attention


def products_in_gauge(layer: Attention, dimension: int) -> tuple[Float[Array, "e e"], Float[Array, "e e"]]:
    """KᵀQ and P·V of a layer with one head, such that KᵀQ has the mean one on its diagonal of inputs.

    `TypeError` for layers whose products have no such free factor.
    """
    if layer.kernel != "linear" or layer.norm != "none" or len(layer.key) != 1:
        raise TypeError(
            "only a layer of linear attention with one head and no norm has the numbers of a step; found "
            f"kernel {layer.kernel!r}, norm {layer.norm!r} and {len(layer.key)} heads"
        )
    (bilinear,), (write,) = gauged(layer, dimension)
    return bilinear, write


def step_numbers(layer: Attention, dimension: int) -> Float[Array, " two"]:
    """η/N and γ/N of a layer: minus the mean of P·V's diagonal over labels and over inputs."""
    diagonal = jnp.diag(products_in_gauge(layer, dimension)[1])
    return -jnp.stack([jnp.mean(diagonal[dimension:]), jnp.mean(diagonal[:dimension])])


def rebuilt(model: Transformer, dimension: int) -> StepwiseDescent:
    """The steps of GD++ with the numbers of a stack's layers."""
    numbers = jnp.stack([step_numbers(layer, dimension) for layer in model.layers] * model.repeats)
    rates, shrinkages = jnp.zeros((2, DEEPEST)).at[:, : len(numbers)].set(numbers.T)
    return StepwiseDescent(rates, shrinkages)
