"""Stage: record what made the run: versions, revision, config, machine, time spent per rule."""

import hashlib
import json
import os
import platform

from icgd.results.costs import load_costs
from icgd.results.environment import recorded
from icgd.results.job import Job
from icgd.results.provenance import durations, machine, versions
from icgd.results.repository import checkout
from icgd.results.store import write_text

PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "pandas", "matplotlib", "snakemake")


def main(job: Job) -> None:
    """Write provenance.json; the spec has the run's name and config, and where its jobs say what they
    cost.
    """
    spec = job.spec
    config = json.dumps(spec["config"], sort_keys=True)
    record = {
        "run": spec["run"],
        "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
        **checkout(),
        "python": platform.python_version(),
        "packages": versions(PACKAGES),
        "environment": recorded(os.environ),
        **machine(),
        "durations": durations(load_costs(place["file"] for place in spec["costs"])),
    }
    write_text(job.outputs["output"], json.dumps(record, indent=2) + "\n")
