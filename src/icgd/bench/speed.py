"""Speed of training: what a learner's job does per step, and how soon it reaches a stated loss.

Times are those of the processor: another job on the machine adds little to them.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from icgd.algorithms.descent import gradient_step
from icgd.analysis.distances import bounded, divergence_bound
from icgd.bench.flops import flops
from icgd.learner import Learner
from icgd.models.fast_linear import predictions
from icgd.randomness import named_key
from icgd.spec.build import build_learner, build_task
from icgd.spec.expansion import LAW
from icgd.spec.plan import Plan
from icgd.task import RegressionTask, Task
from icgd.tasks.linear_regression import LinearRegression
from icgd.theory.linear import gradient_step_loss
from icgd.training.loop import Training, initial_state, loss_and_gradient, make_advance

EVALUATION = 8192
MEASURED_SECONDS = 3.0
PARTS = 50
"""How often the loss is looked at on the way to its target."""


@dataclass(frozen=True)
class Case:
    """The training of a learner as its job does it."""

    task: Task
    learner: Mapping[str, Any]
    training: Training
    seeds: int

    @classmethod
    def of(cls, plan: Plan, experiment: str, learner: str, seeds: int = 1, variant: str = LAW) -> "Case":
        """The case of a trained learner of the config."""
        spec, _ = plan.training(experiment, variant, learner, list(range(seeds)))
        task = build_task(spec["task"], **spec["training_task"])
        return cls(task, spec["learner"], Training(**spec["training"]), seeds)

    def flops(self) -> float:
        """Operations of a whole training of one seed, the optimiser's and the prompts' included."""
        learner = eqx.filter_eval_shape(lambda: build_learner(self.learner, self.task, jax.random.key(0)))
        weights, rest = eqx.partition(learner, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
        optimiser = self.training.transformation()

        def step(weights: Any, state: Any, key: Any) -> Any:
            model = eqx.combine(weights, rest)
            loss, gradient = loss_and_gradient(model, self.task, key, self.training)
            updates, state = optimiser.update(gradient, state, model)
            return eqx.apply_updates(model, updates), state, loss

        state = jax.eval_shape(optimiser.init, weights)
        return self.training.steps * flops(step, weights, state, jax.random.key(0))

    def start(self) -> Any:
        """The untrained state, the seeds' keys and the compiled loop."""
        keys = jax.random.split(named_key(0, "bench"), self.seeds)
        learners = eqx.filter_vmap(lambda key: build_learner(self.learner, self.task, key))(keys)
        return initial_state(learners, self.training), keys, make_advance(self.task, self.training)


def speed(case: Case) -> dict[str, float]:
    """Seconds of compiling, and steps per second of all seeds of a job."""
    state, keys, advance = case.start()
    began = time.process_time()
    state = jax.block_until_ready(advance(state, keys, jnp.int32(1)))
    compiled = time.process_time()
    last, steps, spent = 1, 4, 0.0
    while spent < MEASURED_SECONDS:
        steps *= 2
        start = time.process_time()
        state = jax.block_until_ready(advance(state, keys, jnp.int32(last + steps)))
        spent, last = time.process_time() - start, last + steps
    return {"compile_s": compiled - began, "steps_per_s": steps / spent}


def time_to(case: Case, target: float) -> float:
    """Seconds until the held-out loss of a case's first seed is below the target; infinite if it never is.

    The loss of linear regression is that on a few prompts, times the ratio of the known loss of a
    gradient step to its loss on the same prompts, which takes out most of the sampling error.
    """
    began = time.process_time()
    state, keys, advance = case.start()
    prompts, targets = jax.vmap(case.task.sample)(jax.random.split(jax.random.key(1), EVALUATION))

    @eqx.filter_jit
    def loss(learner: Learner) -> Any:
        found = predictions(learner, prompts)
        if isinstance(case.task, RegressionTask):
            found = bounded(found, divergence_bound(targets))
        return jax.vmap(case.task.loss)(found, targets).mean()

    if isinstance(case.task, LinearRegression):
        step = gradient_step(case.task, keys[0])
        target *= float(loss(step)) / gradient_step_loss(case.task, float(step.learning_rates[0]))
    for part in range(1, PARTS + 1):
        state = advance(state, keys, jnp.int32(case.training.steps * part // PARTS))
        if loss(jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, state.learner)) < target:
            return time.process_time() - began
    return float("inf")


def matmul_rate(size: int = 1024, repeats: int = 20) -> float:
    """Operations per second of a square float32 product."""
    matrix = jax.random.normal(jax.random.key(0), (size, size), jnp.float32)
    product = jax.jit(jnp.matmul)
    product(matrix, matrix).block_until_ready()
    start = time.process_time()
    for _ in range(repeats):
        product(matrix, matrix).block_until_ready()
    return 2 * size**3 * repeats / (time.process_time() - start)
