"""Everything in a config that can be known to be impossible before the first job."""

import json
import sys

from icgd.checks.experiments import Checker
from icgd.checks.products import check_products
from icgd.spec.model import Config
from icgd.spec.reading import ConfigError, Mistakes


def main() -> int:
    """Read a config as JSON; print what each measurement reads, or say what is wrong (exit code 2)."""
    config = Config.model_validate_json(sys.stdin.read())
    try:
        found = check(config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(found))
    return 0


def check(config: Config) -> dict[str, list[str]]:
    """Names of the learners that each <experiment>/<measurement> reads; `ConfigError` for what is wrong."""
    checker, mistakes = Checker(config), Mistakes()
    found: dict[str, list[str]] = {}
    for name in config.experiments:
        with mistakes.collected():
            checker.names(name)
    mistakes.refuse()
    for name in config.experiments:
        with mistakes.collected():
            checker.kinds_of(name)
            found |= checker.reads(name)
    mistakes.refuse()
    check_products(checker, mistakes)
    mistakes.refuse()
    return found
