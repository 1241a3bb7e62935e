"""Jobs with their digests: of their code and packages, what they are asked to do, and what they read."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from icgd.results.digest import code_digest, hash_of
from icgd.results.job import Job, plain


def planned(
    rule: str,
    name: str,
    spec: Mapping[str, Any],
    outputs: Mapping[str, Path],
    modules: Iterable[str] = (),
    packages: tuple[str, ...] = (),
    settings: Mapping[str, Any] | None = None,
) -> Job:
    """A job that runs the code of some modules.

    The artefacts that the spec names have digests of their own, so that its digest covers everything that it
    comes from.
    """
    settings = settings or {}
    code = code_digest(tuple(sorted(set(modules))), packages)
    digest = hash_of(code, plain(spec, paths=False), settings.get("xla_flags", ""))
    return Job(rule, name, spec, outputs, digest, settings)
