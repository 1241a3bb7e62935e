"""Everything in a config that can be known to be impossible before the first job, found with the code itself."""

import importlib
import json
import sys
from typing import Any

from icgd.spec.kinds import Kinds
from icgd.spec.model import Config
from icgd.spec.reading import ConfigError


def main() -> int:
    """Read a config as JSON; print the learners that each measurement reads, or say what is wrong (exit code 2)."""
    config = Config.model_validate_json(sys.stdin.read())
    try:
        found = reads(config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(found))
    return 0


def reads(config: Config) -> dict[str, list[str]]:
    """Names of the learners that each <experiment>/<measurement> reads."""
    kinds = Kinds(config)
    found: dict[str, Any] = {}
    for name, experiment in config.experiments.items():
        wanted = set(experiment.measurements) | {m for v in experiment.variants.values() for m in v.measurements}
        for measurement in sorted(wanted):
            where = f"experiments.{name}.measurements"
            module = importlib.import_module(
                kinds.module("measure", measurement, config.homes.get(f"experiments.{name}"), where)
            )
            options = experiment.measurements.get(measurement, {})
            found[f"{name}/{measurement}"] = module.reads(experiment, options)
    return found
