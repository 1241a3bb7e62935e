"""Stage: build every baseline at its optimal hyper-parameters for the task."""

import jax

from icgd.results.job import Job
from icgd.spec.build import build_learner, build_task, save_learner
from icgd.spec.laws import fitting_prompts


def main(job: Job) -> None:
    """Write one file per baseline into the folder `output`, fitted in float64.

    A learner with a method `fitted(prompts, targets)` is fitted on prompts of their own, which are
    never used for evaluation; the others set their hyper-parameters by formula.
    """
    jax.config.update("jax_enable_x64", True)
    spec, output = job.spec, job.outputs["output"]
    output.mkdir(parents=True, exist_ok=True)
    task = build_task(spec["task"])
    prompts, targets = fitting_prompts(spec)
    for name, options in spec["baselines"].items():
        learner = build_learner(options, task, jax.random.key(spec["seed"]))
        if hasattr(learner, "fitted"):
            learner = learner.fitted(prompts, targets)
        save_learner(output / f"{name}.npz", learner, options, spec["task"], job.digest)
