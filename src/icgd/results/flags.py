"""XLA's flags that the installed jaxlib knows: it ends the process at any other, so it is asked."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from icgd.results.digest import CACHE, versions
from icgd.results.store import write_text

ASK = "from jaxlib import _jax; _jax.CompileOptions()"
"""The least that makes jaxlib read its flags."""
UNKNOWN = re.compile(r"Unknown flags? in XLA_FLAGS: (.*)")


class FlagsError(Exception):
    """What jaxlib says of flags cannot be understood."""


def asked(flags: str) -> list[str]:
    """Those of some flags that jaxlib says it does not know."""
    environ = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-I", "-c", ASK]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, errors="replace", check=False)
    if not done.returncode:
        return []
    named = UNKNOWN.search(done.stderr)
    found = [flag for flag in flags.split() if named and flag in named[1].split()]
    if not found:
        raise FlagsError(f"xla_flags is {flags!r}; jaxlib does not accept it:\n{done.stderr[-1000:]}")
    return found


@cache
def known(flags: str, ask: Callable[[str], list[str]] = asked, folder: Path = CACHE / "flags") -> str:
    """The flags without those that this jaxlib does not know; it is asked once per version."""
    if not flags:
        return ""
    file = folder / f"{versions(('jaxlib',))['jaxlib']}.json"
    try:
        answers = dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError):
        answers = {}
    if flags not in answers:
        answers[flags] = ask(flags)
        write_text(file, json.dumps(answers, indent=1) + "\n")
        for flag in answers[flags]:
            print(f"This jaxlib does not know {flag}, which is left out", file=sys.stderr, flush=True)
    return " ".join(flag for flag in flags.split() if flag not in answers[flags])
