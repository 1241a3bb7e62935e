"""Training of a block of seeds at once on fresh prompts, restartable at any step.

One compiled loop runs any number of steps for all seeds. Each step's prompts come from the seed's
key folded with the step, so that a run that was killed goes on bit-identically.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key
from optax.contrib import MuonDimensionNumbers, muon

from icgd.learner import Learner
from icgd.models.fast_linear import predictions
from icgd.ranges import Fraction, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from icgd.task import Task


class NonFiniteLossError(Exception):
    """The training loss became NaN or infinite."""


FIRST_STRIDE, PAUSE_SECONDS = 16, 1.0
"""Steps before the first pause, and the time between later ones: a job that is told to stop does so there."""
CHUNK = 128
"""Prompts whose activations fit a core's cache; a step adds up the gradients of such chunks."""


_BY_ROW = MuonDimensionNumbers(reduction_axis=2, output_axis=(0, 1))
MATRICES = {
    **dict.fromkeys(("key", "query", "value"), _BY_ROW),
    "projection": MuonDimensionNumbers(reduction_axis=(0, 2), output_axis=1),
    **dict.fromkeys(("inner", "outer"), MuonDimensionNumbers(reduction_axis=1, output_axis=0)),
}
"""Inputs and outputs of the matrices of attention and MLP layers; the heads of a layer are one matrix."""


NEWTON_SCHULZ = ((3.4445, -4.7750, 2.0315),) * 5
"""Muon's coefficients (Jordan et al. 2024) for each step: then optax loops over them, faster to compile."""


def _matrices(weights: Any) -> Any:
    """The entry of `MATRICES` for each leaf, None for all others."""

    def entry(path: Any, leaf: Any) -> MuonDimensionNumbers | None:
        return MATRICES.get(getattr(path[-1], "name", ""))

    return jax.tree_util.tree_map_with_path(entry, weights)


@dataclass(frozen=True)
class Training:
    """AdamW, or Muon, with linear warm-up, a cosine schedule to zero, or none, and clipping by global norm.

    Muon (Jordan et al. 2024) makes the updates of the layers' matrices orthogonal, at the root mean square
    that is usual for Adam (Liu et al. 2025), so that all share a learning rate; other weights get Adam.
    Both have Nesterov's momentum.

    Weight decay matters only to entries that the loss does not see: it takes them to zero. It peaks
    half-way: early, it can hold a layer at its saddle near zero; late, it would bias the solution. It goes
    with the cosine: a constant rate has none. For
    activation_clip see `icgd.models.fast_linear.predictions`; it applies in training only.
    """

    steps: PositiveInt
    batch: PositiveInt
    seeds_per_job: PositiveInt
    """How many seeds one job trains."""
    learning_rate: PositiveFloat
    seeds_at_once: NonNegativeInt = 0
    """How many of a job's seeds are trained together, vectorised; 0 for all."""
    optimiser: Literal["adam", "muon"] = "adam"
    schedule: Literal["cosine", "constant"] = "cosine"
    """Of the learning rate after the warm-up."""
    warmup: Fraction = 0.0
    """Share of the steps over which the learning rate rises."""
    second_moment_decay: PositiveFloat = 0.999
    weight_decay: NonNegativeFloat = 0.0
    clip: PositiveFloat = 10.0
    activation_clip: NonNegativeFloat = 0.0
    snapshots: PositiveInt = 40
    """How many steps' weights are kept, ever further apart."""
    snapshot_every: NonNegativeInt = 0
    """If positive, weights are also kept at every multiple of it, up to step `snapshot_until`."""
    snapshot_until: NonNegativeInt = 0

    def __post_init__(self) -> None:
        if self.weight_decay and self.schedule == "constant":
            raise ValueError("weight_decay goes with the schedule 'cosine'; expected 0 with 'constant'")

    def transformation(self) -> optax.GradientTransformation:
        """The optimiser of one seed."""
        rise = round(self.warmup * self.steps)
        start = 0.0 if rise else self.learning_rate
        if self.schedule == "constant":
            schedule = optax.warmup_constant_schedule(start, self.learning_rate, rise)
        else:
            schedule = optax.warmup_cosine_decay_schedule(start, self.learning_rate, rise, self.steps)

        def decay(step: Any) -> Any:
            share = schedule(step) / self.learning_rate
            return jnp.where(step < rise, 0.0, 4 * self.weight_decay * share * (1 - share))

        return optax.chain(
            optax.clip_by_global_norm(self.clip),
            self._direction(),
            optax.add_decayed_weights(decay),
            optax.scale_by_learning_rate(schedule),
        )

    def _direction(self) -> optax.GradientTransformation:
        if self.optimiser == "adam":
            return optax.scale_by_adam(b2=self.second_moment_decay)
        return muon(  # −1, as it would descend by itself
            -1.0,
            NEWTON_SCHULZ,
            adam_b2=self.second_moment_decay,
            muon_weight_dimension_numbers=_matrices,
            consistent_rms=0.2,
        )

    def snapshot_steps(self) -> list[int]:
        """Steps whose weights are kept, from 0 to the last."""
        grid = {round(self.steps * (i / self.snapshots) ** 2) for i in range(self.snapshots + 1)}
        if self.snapshot_every:
            grid |= set(range(0, min(self.snapshot_until, self.steps) + 1, self.snapshot_every))
        return sorted(grid)


class State(eqx.Module):
    """Everything that training carries: all leaves have a leading seed axis, except `step`."""

    learner: Learner
    optimiser: Any
    step: Int[Array, ""]
    loss: Float[Array, " seeds"]
    """Mean training loss since the previous pause."""


def mean_loss(
    learner: Learner, task: Task, prompts: Any, targets: Array, activation_clip: float = 0.0
) -> Float[Array, ""]:
    """The mean of the task's loss over some prompts."""
    return jnp.mean(jax.vmap(task.loss)(predictions(learner, prompts, activation_clip), targets))


def loss_and_gradient(
    learner: Learner, task: Task, key: Key[Array, ""], training: Training
) -> tuple[Float[Array, ""], Learner]:
    """Loss and gradient on fresh prompts, chunk by chunk; the chunk divides the batch.

    All are drawn at once, since each call of the generator has a price of its own.
    """
    chunk = math.gcd(training.batch, CHUNK)
    chunks = training.batch // chunk
    evaluate = eqx.filter_value_and_grad(mean_loss)
    keys = jax.vmap(lambda key: jax.random.split(key, chunk))(jax.random.split(key, chunks))

    def add(total: Any, drawn: tuple[Any, Array]) -> tuple[Any, None]:
        found = evaluate(learner, task, *drawn, training.activation_clip)
        return jax.tree.map(jnp.add, total, found), None

    zero = (jnp.zeros(()), jax.tree.map(jnp.zeros_like, eqx.filter(learner, eqx.is_inexact_array)))
    total, _ = jax.lax.scan(add, zero, jax.vmap(jax.vmap(task.sample))(keys))
    return jax.tree.map(lambda a: a / chunks, total)


def initial_state(learners: Learner, training: Training) -> State:
    """Step zero of a stack of untrained learners."""
    weights = eqx.filter(learners, eqx.is_array)
    optimiser = jax.vmap(training.transformation().init)(weights)
    seeds = jax.tree.leaves(weights)[0].shape[0]
    return State(learners, optimiser, jnp.zeros((), jnp.int32), jnp.zeros(seeds))


Advance: TypeAlias = Callable[[State, Key[Array, " seeds"], Int[Array, ""]], State]


def make_advance(task: Task, training: Training) -> Advance:
    """A compiled function that takes a state, with its seeds' keys, to a later step.

    The keys are arguments, so that jobs that differ only in their seeds share one compilation.
    """
    optimiser = training.transformation()

    def one_seed(
        learner: Learner, state: Any, key: Key[Array, ""], step: Int[Array, ""]
    ) -> tuple[Learner, Any, Float[Array, ""]]:
        step_key = jax.random.fold_in(key, step)
        loss, gradient = loss_and_gradient(learner, task, step_key, training)
        updates, state = optimiser.update(gradient, state, learner)
        return eqx.apply_updates(learner, updates), state, loss

    @eqx.filter_jit
    def advance(state: State, keys: Key[Array, " seeds"], until: Int[Array, ""]) -> State:
        def body(step: Int[Array, ""], carry: Any) -> Any:
            learner, optimiser_state, total = carry
            in_axes = (eqx.if_array(0), eqx.if_array(0), 0, None)
            learner, optimiser_state, loss = eqx.filter_vmap(one_seed, in_axes=in_axes)(
                learner, optimiser_state, keys, step
            )
            return learner, optimiser_state, total + loss

        carry = (state.learner, state.optimiser, jnp.zeros_like(state.loss))
        learner, optimiser_state, total = jax.lax.fori_loop(state.step, until, body, carry)
        return State(learner, optimiser_state, until, total / (until - state.step))

    return advance


def train(
    state: State, task: Task, training: Training, keys: Key[Array, " seeds"], seeds: list[int]
) -> Iterator[State]:
    """Yield the state at every snapshot step after `state`'s, and about every second in between.

    Where it pauses changes nothing: every step's prompts come from the step. Stops on a non-finite loss.
    """
    advance = make_advance(task, training)
    stride = FIRST_STRIDE
    for snapshot in training.snapshot_steps():
        while (last := int(state.step)) < snapshot:
            step, start = min(snapshot, last + stride), time.perf_counter()
            state = advance(state, keys, jnp.asarray(step, jnp.int32))
            bad = [s for s, ok in zip(seeds, jnp.isfinite(state.loss), strict=True) if not ok]
            if bad:
                raise NonFiniteLossError(
                    f"the training loss of seed {', '.join(map(str, bad))} became non-finite between "
                    f"steps {last} and {step}; the last good state is that of step {last}. "
                    "Lower training.learning_rate or training.clip, or the initial scale"
                )
            stride = max(1, round((step - last) * PAUSE_SECONDS / (time.perf_counter() - start)))
            yield state
