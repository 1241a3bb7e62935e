"""What linear maps read from a model's tokens before each block, and the answer when it is replaced.

Maps are fitted on the first half of the prompts and judged on the second.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from icgd.algorithms.objective_descent import ObjectiveDescent
from icgd.models.blocks import PromptedTransformer
from icgd.objectives.dial import Dial, descend
from icgd.prompt import Prompt


class Read(NamedTuple):
    """By layer, before each block: how well residuals and final weights are read, and by which maps."""

    residual_readout: Float[Array, " l"]
    weight_readout: Float[Array, " l"]
    weights: Float[Array, "l p d"]
    """What is read of the final weights in the second half of the prompts."""
    directions: Float[Array, "l e"]
    offsets: Float[Array, " l"]


def _regress(features: Float[Array, "a e"], targets: Float[Array, "a k"]) -> Float[Array, "f k"]:
    """Least squares with an offset, which comes last; a small penalty for directions that never vary."""
    ones = jnp.concatenate([features, jnp.ones_like(features[:, :1])], axis=1)
    gram = ones.T @ ones
    penalty = 1e-8 * jnp.trace(gram) / len(gram) * jnp.eye(len(gram))
    return jnp.linalg.solve(gram + penalty, ones.T @ targets)


def _explained(targets: Float[Array, "a k"], found: Float[Array, "a k"]) -> Float[Array, ""]:
    return 1 - jnp.sum((targets - found) ** 2) / jnp.sum((targets - targets.mean(axis=0)) ** 2)


def states(model: PromptedTransformer, prompts: Prompt) -> Float[Array, "l p c e"]:
    """The context before every block."""
    return jnp.stack(jax.vmap(model.contexts)(prompts))


def residuals(prompts: Prompt, weights: Float[Array, "p d"]) -> Float[Array, "p n"]:
    """y_j − x_j·w."""
    return prompts.y[..., 0] - jnp.einsum("pnd,pd->pn", prompts.x, weights)


def readouts(model: PromptedTransformer, prompts: Prompt, half: int) -> Read:
    """Final residuals from the examples' tokens and final weights from the objective's."""
    final = jax.vmap(model.weights)(prompts)[:, -1]
    left, n = residuals(prompts, final), prompts.x.shape[1]

    def layer(context: Float[Array, "p c e"]) -> tuple[Array, ...]:
        width = context.shape[-1]
        tokens = context[:, 1 : n + 1].reshape(-1, width)
        line = _regress(tokens[: half * n], left[:half].reshape(-1, 1))
        found = tokens[half * n :] @ line[:-1] + line[-1]
        plane = _regress(context[:half, 0], final[:half])
        weights = context[half:, 0] @ plane[:-1] + plane[-1]
        scores = _explained(left[half:].reshape(-1, 1), found), _explained(final[half:], weights)
        return *scores, weights, line[:-1, 0], line[-1, 0]

    return Read(*jax.lax.map(layer, states(model, prompts)))


def resumed(prompts: Prompt, start: Float[Array, "p d"], dials: Dial) -> Float[Array, "p d"]:
    """Where descent ends that starts at given weights."""

    def one(x: Float[Array, "n d"], y: Float[Array, " n"], w: Float[Array, " d"]) -> Float[Array, " d"]:
        return w + descend(x, y - x @ w, dials)[-1]

    return jax.vmap(one)(prompts.x, prompts.y[..., 0], start)


def resumptions(
    prompts: Prompt, start: Float[Array, "p d"], descent: ObjectiveDescent
) -> Float[Array, "k p d"]:
    """Where descent ends from given weights with its last k steps, k = 0 … K."""
    dials = descent.dials()
    count = len(dials.rate)
    ends = (resumed(prompts, start, Dial(*(part[-k:] for part in dials))) for k in range(1, count + 1))
    return jnp.stack([start, *ends])


def written(
    model: PromptedTransformer,
    context: Float[Array, "p c e"],
    read: Read,
    depth: int,
    along: Float[Array, " e"],
    wanted: Float[Array, "p n"],
) -> Float[Array, "p d"]:
    """The answer when other residuals are written into the examples' tokens before a block."""
    n = wanted.shape[1]
    now = context[:, 1 : n + 1] @ read.directions[depth] + read.offsets[depth]
    context = context.at[:, 1 : n + 1].add((wanted - now)[..., None] * along)

    def onward(context: Float[Array, "c e"]) -> Float[Array, " d"]:
        for block in model.blocks[depth:-1]:
            context = block(context, context)
        return model.readout @ model.blocks[-1](context[:1], context)[0]

    return jax.vmap(onward)(context)


def nearest_error(
    answer: Float[Array, "p d"], final: Float[Array, "p d"], ends: Float[Array, "k p d"], half: int
) -> Float[Array, ""]:
    """Squared distance of the answer to an end over that of the unchanged one, in the second half of prompts.

    It is the end that is best in the first half.
    """
    apart, before = (jnp.sum((weights - ends) ** 2, axis=2) for weights in (answer, final))
    first, later = (apart[:, s].sum(1) / before[:, s].sum(1) for s in (slice(half), slice(half, None)))
    return later[jnp.argmin(first)]


def swapped_residuals(
    model: PromptedTransformer,
    prompts: Prompt,
    read: Read,
    descent: ObjectiveDescent,
    half: int,
    key: Key[Array, ""],
) -> dict[str, Float[Array, " l"]]:
    """How near the answer is to descent resumed at the next prompt's weights, once its residuals are there.

    They are written into the examples' tokens along the direction that reads them. Descent goes on with its
    last k steps, k being what fits best on the first half. The control writes along a random direction.
    """
    final = jax.vmap(model.weights)(prompts)[:, -1]
    donor = jnp.roll(final, 1, axis=0)
    wanted, ends = residuals(prompts, donor), resumptions(prompts, donor, descent)
    before = states(model, prompts)

    def error(depth: int, along: Float[Array, " e"]) -> Float[Array, ""]:
        answer = written(model, before[depth], read, depth, along, wanted)
        return nearest_error(answer, final, ends, half)

    found: dict[str, list[Array]] = {"interchange_error": [], "interchange_control": []}
    for depth in range(len(model.blocks)):
        line = read.directions[depth]
        size = jnp.linalg.norm(line)
        other = jax.random.normal(jax.random.fold_in(key, depth), line.shape)
        found["interchange_error"].append(error(depth, line / size**2))
        found["interchange_control"].append(error(depth, other / jnp.linalg.norm(other) / size))
    return {name: jnp.stack(each) for name, each in found.items()}
