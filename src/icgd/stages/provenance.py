"""Stage: record what made the run: versions, revision, config, machine, time spent per rule."""

import hashlib
import json
import os
import platform
from pathlib import Path
from typing import Any

from icgd.results.environment import recorded
from icgd.results.provenance import durations, machine, versions
from icgd.results.repository import checkout
from icgd.results.store import write_text
from icgd.stages.arguments import run_stage

PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "pandas", "matplotlib", "snakemake")


def main(spec: dict[str, Any], benchmarks: Path, output: Path) -> None:
    """Write provenance.json; `spec` is the run's name and config."""
    config = json.dumps(spec["config"], sort_keys=True)
    record = {
        "run": spec["run"],
        "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
        **checkout(),
        "python": platform.python_version(),
        "packages": versions(PACKAGES),
        "environment": recorded(os.environ),
        **machine(),
        "durations": durations(benchmarks, benchmarks.rglob("*.tsv")),
    }
    write_text(output, json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    run_stage(main, benchmarks="folder of benchmarks", output="record")
