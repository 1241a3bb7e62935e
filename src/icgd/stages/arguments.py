"""The command line that all stages share: a JSON spec and named files."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from icgd.results.environment import restart_clean
from icgd.results.store import ArtefactError


def run_stage(main: Callable[..., None], **files: str) -> None:
    """Call `main` with --spec parsed from JSON and each named file as a path.

    A file described as "paths" takes any number. Errors that a user can mend end in one message.
    """
    restart_clean()
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--spec", type=json.loads, required=True, help="options, as JSON")
    for name, description in files.items():
        many = {"nargs": "*", "default": []} if description == "paths" else {"required": True}
        parser.add_argument(f"--{name}", type=Path, help=description, **many)  # type: ignore[arg-type]
    arguments: dict[str, Any] = vars(parser.parse_args())
    try:
        main(arguments.pop("spec"), **arguments)
    except (ArtefactError, StageError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


class StageError(Exception):
    """A stage cannot go on; the message says why and what to do."""
