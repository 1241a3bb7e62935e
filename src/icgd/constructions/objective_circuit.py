"""Circuits: weights of a `PromptedTransformer` that descend on L1, L2 or L∞, switched by prompt or dial.

Three blocks take one step of `icgd.objectives.dial.descend`. The first copies the objective from its token
and computes tanh(r/τ), as a softmax head with logit r/τ and value 1 on the objective's token and −r/τ − ln N
and −1 on each of the N examples; its MLP sends the pull ψ(r_j) of the wanted objective into the slot of the
example's own place. The second reads
ω_j ψ(r_j) of all examples with one softmax head of logits β|r_j|; its MLP picks each example's own. The
third, linear, adds them up with x_j·x_i; its MLP clears what the step wrote. Gates subtract a large
number times a flag that is 0 where the gate is open, so that what passes is exact.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from icgd.constructions.residual_stream import CLOSED, Slots, Units, heads
from icgd.models.blocks import Block, PromptedTransformer
from icgd.objectives.dial import OBJECTIVES, Dial
from icgd.prompt import Prompt
from icgd.tasks.objective_regression import ObjectiveRegression


class Path(NamedTuple):
    """One way from residuals to pulls: through tanh or not, with a rate, and open for which objective."""

    source: str
    rate: float
    objective: int | None


class Step(NamedTuple):
    """One step: its paths, the temperature behind each slot of slopes, and β, for one objective or all."""

    paths: Sequence[Path]
    temperatures: Mapping[str, float]
    sharpness: float
    sharp: int | None


def stretches(d: int, n: int) -> Slots:
    """The residual stream: what is embedded, then what a step writes and clears.

    Flags say what a token is not: `not_example`, `not_objective`, `not_place` (which of the N examples)
    and `not_chosen` (which objective); `source` holds the objective in its own token.
    """
    embedded = {
        "x": d,
        "residual": 1,
        "one": 1,
        "sign": 1,
        "example": 1,
        "not_example": 1,
        "not_objective": 1,
    }
    flags = {"not_place": n, "source": 3, "not_chosen": 3}
    return Slots(**embedded, **flags, size=1, slope=1, sharp_slope=1, own=n, all=n, pull=1)


def step_blocks(slots: Slots, step: Step) -> Iterator[Block]:
    """The three blocks of one step."""
    yield pull_block(slots, step)
    yield weighing_block(slots)
    yield moving_block(slots)


def pull_block(slots: Slots, step: Step) -> Block:
    """Copies the objective, puts ψ(r_j) into each example's own slot, and β|r_j| into its size."""
    n, none = slots["own"].stop - slots["own"].start, np.zeros(slots.width)
    one, eye = slots.row(one=1), np.eye

    def not_chosen(objective: int | None) -> np.ndarray:
        return none if objective is None else slots.row(not_chosen=eye(3)[objective])

    def tanh(slot: str, tau: float) -> tuple[np.ndarray, ...]:
        """The objective's token has sign 1, each of the n examples −1."""
        return (
            np.stack([slots.row(sign=1), -math.log(n) * slots.row(not_objective=1)]),
            np.stack([slots.row(residual=1 / tau), one]),
            slots.row(sign=1)[None],
            slots.row(**{slot: 1})[None],
        )

    copy = (
        -CLOSED * slots.row(not_objective=1)[None],
        one[None],
        slots.rows(3, source=eye(3)),
        slots.rows(3, not_chosen=eye(3)),
    )
    units = Units(slots)
    for place in range(n):
        elsewhere = slots.row(not_place=eye(n)[place])
        for path in step.paths:
            closed = elsewhere + not_chosen(path.objective)
            units.send(slots.row(**{path.source: 1}), closed, path.rate * slots.row(own=eye(n)[place]))
    for sign in (1.0, -1.0):
        units.read.append(sign * slots.row(residual=1) - CLOSED * not_chosen(step.sharp))
        units.write.append(step.sharpness * slots.row(size=1))
    slopes = (tanh(slot, tau) for slot, tau in step.temperatures.items())
    return Block(heads(slots, "softmax", *slopes, copy), units.mlp())


def weighing_block(slots: Slots) -> Block:
    """Reads all ω_j ψ(r_j), ω = softmax(β|r|); each example keeps its own as its pull."""
    n, eye = slots["own"].stop - slots["own"].start, np.eye
    weigh = (
        (slots.row(size=1) - CLOSED * slots.row(not_example=1))[None],
        slots.row(one=1)[None],
        slots.rows(n, own=eye(n)),
        slots.rows(n, all=eye(n)),
    )
    units = Units(slots)
    for place in range(n):
        units.send(slots.row(all=eye(n)[place]), slots.row(not_place=eye(n)[place]), slots.row(pull=1))
    units.clear("size", "slope", "sharp_slope", "own")
    return Block(heads(slots, "softmax", weigh), units.mlp())


def moving_block(slots: Slots) -> Block:
    """Subtracts Σ_j pull_j x_j·x_i from every residual r_i, and clears what the step wrote."""
    d = slots["x"].stop
    inputs = slots.rows(d, x=np.eye(d))
    move = (inputs, inputs, slots.row(pull=1)[None], -slots.row(residual=1)[None])
    units = Units(slots)
    units.clear("all", "pull", "not_chosen")
    return Block(heads(slots, "linear", move), units.mlp())


def circuit(d: int, n: int, steps: Sequence[Step]) -> PromptedTransformer:
    """The whole circuit: embedding, three blocks per step, readout of minus the query's residual."""
    slots = stretches(d, n)
    everywhere = np.ones(n)
    kinds = [
        slots.row(one=1, sign=1, not_example=1, not_place=everywhere),
        slots.row(one=1, sign=-1, example=1, not_objective=1, not_place=everywhere),
        slots.row(one=1, not_example=1, not_objective=1, not_place=everywhere),
        slots.row(),
    ]
    embedding = np.zeros((slots.width, d + 1))
    embedding[slots["x"], :d], embedding[slots["residual"], d] = np.eye(d), 1.0
    blocks = tuple(block for step in steps for block in step_blocks(slots, step))
    objectives, places = slots.rows(3, source=1 - np.eye(3)), slots.rows(n, not_place=-np.eye(n))
    readout = -slots.row(residual=1)[None]
    return PromptedTransformer(
        embedding=jnp.asarray(embedding),
        objectives=jnp.asarray(objectives),
        pairs=None,
        kinds=jnp.asarray(np.stack(kinds)),
        blocks=blocks,
        readout=jnp.asarray(readout),
        positions=jnp.asarray(places),
    )


def prompt_circuit(task: ObjectiveRegression, key: Key[Array, ""]) -> PromptedTransformer:
    """The circuit whose objective the prompt chooses, with the task's steps, rates, τ and β."""
    dials = {name: task.dial(name) for name in OBJECTIVES}
    sources = {"l1": "slope", "l2": "residual", "linf": "sharp_slope"}
    temperatures = {sources[name]: float(dials[name].temperature[0]) for name in ("l1", "linf")}

    def step(index: int) -> Step:
        paths = [
            Path(sources[name], float(dials[name].rate[index]), place)
            for place, name in enumerate(OBJECTIVES)
        ]
        sharpness = float(dials["linf"].sharpness[index])
        return Step(paths, temperatures, sharpness, OBJECTIVES.index("linf"))

    return circuit(task.dimension, task.context_length, [step(index) for index in range(task.steps)])


def dial_circuit(d: int, n: int, dials: Dial) -> PromptedTransformer:
    """The circuit whose three numbers a step (η, τ, β) choose the objective; the prompt has none."""
    steps = [
        Step([Path("slope", float(rate), None)], {"slope": float(tau)}, float(beta), None)
        for rate, tau, beta in zip(*dials, strict=True)
    ]
    return circuit(d, n, steps)


def switched(
    model: PromptedTransformer, prompt: Prompt, later: Float[Array, " o"], after: int
) -> Float[Array, " m"]:
    """The prediction when the objective in its token is replaced after so many blocks."""
    assert prompt.objective is not None and model.objectives is not None
    context, token = model.context(prompt), model.token(prompt)
    for depth, block in enumerate(model.blocks):
        if depth == after:
            context = context.at[0].add((later - prompt.objective) @ model.objectives)
        context, token = block(context, context), block(token, context)
    return model.readout @ token[0]
