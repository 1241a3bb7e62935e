"""The GPUs of this machine, and which of them a job computes on; without JAX.

A job on a GPU has it alone and takes memory as it needs it. All others compute on the processor: JAX would
give each process three quarters of the first GPU's memory.
"""

import contextlib
import fcntl
import functools
import importlib.metadata
import os
from collections.abc import Iterable, MutableMapping
from pathlib import Path

from icgd.results.digest import CACHE

VARIABLE = "ICGD_GPU"
"""Tells a job whether it is for a GPU (1) or for the processor (0); unset, it is left to JAX."""
PLUGINS = ("jax-cuda12-plugin", "jax-cuda13-plugin")
_held: list[int] = []
"""Open locks; the system lets go of them when the process ends, however it does."""


def gpus(environ: MutableMapping[str, str], devices: Path = Path("/dev")) -> list[str]:
    """The GPUs that JAX can compute on, by the names that CUDA_VISIBLE_DEVICES has for them."""
    platforms = environ.get("JAX_PLATFORMS", environ.get("JAX_PLATFORM_NAME", ""))
    if not has_plugin() or (platforms and not {"cuda", "gpu"} & set(platforms.split(","))):
        return []
    there = [str(number) for number in range(len(list(devices.glob("nvidia[0-9]*"))))]
    chosen = environ.get("CUDA_VISIBLE_DEVICES")
    named = there if chosen is None else [name.strip() for name in chosen.split(",") if name.strip()]
    # CUDA itself stops at the first number that it does not have.
    return named[: named.index("-1")] if "-1" in named else named if there else []


@functools.cache
def has_plugin() -> bool:
    """Whether JAX was installed with what it needs for GPUs."""
    for name in PLUGINS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return bool(importlib.metadata.version(name))
    return False


def assignment(gpus: int) -> str:
    """What a job's shell command begins with, by the GPUs that it was given.

    Where JAX has its plugin, a job that was given none is told so: left to itself it would take the GPU.
    """
    return f"{VARIABLE}={min(gpus, 1)} " if gpus or has_plugin() else ""


def choose(environ: MutableMapping[str, str], folder: Path = CACHE / "gpus") -> None:
    """Set the variables by which JAX takes what this job is meant for, before JAX is imported."""
    if environ.get(VARIABLE) == "0":
        environ["JAX_PLATFORMS"] = "cpu"
    elif environ.get(VARIABLE) == "1":
        environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        if (free := _claimed(gpus(environ), folder)) is not None:
            environ["CUDA_VISIBLE_DEVICES"] = free


def _claimed(names: Iterable[str], folder: Path) -> str | None:
    """The first GPU that no other job has; None if all are taken, as by jobs of another run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        lock = os.open(folder / name.replace("/", "_"), os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        _held.append(lock)
        return name
    return None
