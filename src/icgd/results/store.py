"""Files that are either whole or absent, and errors that say how to rebuild them.

Arrays go into .npz archives, whose entries carry checksums, together with a JSON header that names what the
file is and the digest of the job that made it. Everything is written under a temporary name and renamed.
"""

import contextlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from icgd.results.job import Artefact

HEADER = "__header__"


class ArtefactError(Exception):
    """A file of the run is missing, cut off, or not what its reader expected."""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it to `path` if the body succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], **header: Any) -> None:
    """Write named arrays and a JSON header; `format` and `digest` are what `load_arrays` will ask for."""
    text = np.array(json.dumps(header, sort_keys=True))
    with replacing(path) as temporary:
        np.savez(temporary, **{HEADER: text}, **arrays)  # type: ignore[arg-type]


def load_arrays(artefact: Artefact, kind: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and header of a file of format `kind`; `ArtefactError` if it is anything else."""
    path = artefact.path
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop(HEADER)))
    except FileNotFoundError:
        raise ArtefactError(advice(path, "does not exist")) from None
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, OSError) as error:
        raise ArtefactError(advice(path, f"cannot be read ({error})")) from None
    if header.get("format") != kind:
        found = header.get("format", "no format")
        raise ArtefactError(advice(path, f"holds {found!r} where {kind!r} was expected"))
    accept(artefact, header.get("digest"))
    return arrays, header


def accept(artefact: Artefact, digest: Any) -> None:
    """Raise an `ArtefactError` if an artefact was made by other code, or asked for something else."""
    if artefact.digest not in (None, digest):
        raise ArtefactError(advice(artefact.path, "was made by other code or for another config"))


def write_text(path: Path, text: str) -> None:
    """Write a text file at once."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def advice(path: Path, problem: str) -> str:
    """What an `ArtefactError` says: the file, what is wrong with it, and how to rebuild it."""
    target = path.parent if path.parents[2].name in ("prompts", "baselines") else path
    return f"{path} {problem}. Delete {target} and repeat the command that made it"
