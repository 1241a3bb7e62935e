"""Stage: make one measurement on all learners of an experiment and write its tidy table."""

import importlib
from pathlib import Path
from typing import Any

import jax

from icgd.analysis.study import load_study
from icgd.stages.arguments import run_stage
from icgd.results.tables import save_table


def main(
    spec: dict[str, Any], prompts: Path, baselines: list[Path], trained: list[Path], output: Path
) -> None:
    """Run `icgd.compare.<measurement>.measure` in float64, so that rounding does not show."""
    jax.config.update("jax_enable_x64", True)
    module = importlib.import_module(f"icgd.compare.{spec['measurement']}")
    study = load_study(spec, prompts, baselines, trained)
    save_table(output, module.measure(study, **spec["options"]))


if __name__ == "__main__":
    run_stage(main, prompts="folder of prompts", baselines="paths", trained="paths", output="table")
