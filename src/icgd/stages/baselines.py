"""Stage: build every baseline at its optimal hyper-parameters for the task."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
from jaxtyping import Array, Float

from icgd.spec.build import build_learner, build_task, save_learner
from icgd.prompt import Prompt
from icgd.randomness import named_key
from icgd.stages.arguments import run_stage


def fitting_prompts(spec: Mapping[str, Any]) -> tuple[Prompt, Float[Array, "p m"]]:
    """The prompts of an experiment's variant that baselines are fitted on, and their targets."""
    key = named_key(spec["seed"], spec["experiment"], spec["variant"], "fitting")
    task = build_task(spec["task"])
    return jax.vmap(task.sample)(jax.random.split(key, spec["fitting_prompts"]))


def main(spec: dict[str, Any], output: Path) -> None:
    """Write one file per baseline into the folder `output`, fitted in float64.

    A learner with a method `fitted(prompts, targets)` is fitted on prompts of their own, which are
    never used for evaluation; the others set their hyper-parameters by formula.
    """
    jax.config.update("jax_enable_x64", True)
    output.mkdir(parents=True, exist_ok=True)
    task = build_task(spec["task"])
    prompts, targets = fitting_prompts(spec)
    for name, options in spec["baselines"].items():
        learner = build_learner(options, task, jax.random.key(spec["seed"]))
        if hasattr(learner, "fitted"):
            learner = learner.fitted(prompts, targets)
        save_learner(output / f"{name}.npz", learner, options, spec["task"])


if __name__ == "__main__":
    run_stage(main, output="folder of baselines")
