"""Fixtures shared by all tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

# Tests compile more than they compute.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false "
    "--xla_llvm_disable_expensive_passes=true --xla_cpu_parallel_codegen_split_count=1",
)
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

# As in the workflow: with more threads, LAPACK calls of one program can wait for each other for ever.
os.environ.setdefault("NPROC", "1")

import jax
import pytest

ROOT = Path(__file__).parents[1]
CACHES = ROOT / ".cache"
COPIED = ("Snakefile", "workflow", "config", "src", "envs", "paper", "pyproject.toml", "requirements.lock")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def double() -> None:
    """Run a test in float64."""
    jax.config.update("jax_enable_x64", True)


@pytest.fixture
def browser() -> Iterator[Any]:
    """A headless browser."""
    from tests.browser import opened  # few tests need selenium

    yield from opened()


@pytest.fixture(scope="module")
def shared_browser() -> Iterator[Any]:
    """One for all tests of a file."""
    from tests.browser import opened

    yield from opened()


@pytest.fixture(scope="module", autouse=True)
def forget_programs() -> Iterator[None]:
    """Programs of a file's tests are not kept: thousands of them exhaust what a process may map."""
    yield
    jax.clear_caches()


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Pyplot keeps every figure that a test has drawn, and warns of more than twenty."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True)
def restore_precision() -> object:
    """Leave the precision as it was, whatever a test or a stage called by it does."""
    before = jax.config.read("jax_enable_x64")
    yield
    jax.config.update("jax_enable_x64", before)


def checkout(folder: Path) -> Path:
    """A copy of the project's sources, so that tests may edit them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    checks = CACHES / "icgd" / "checks"  # a config is checked once for all copies
    checks.mkdir(parents=True, exist_ok=True)
    (folder / ".cache" / "icgd").mkdir(parents=True)
    (folder / ".cache" / "icgd" / "checks").symlink_to(checks)
    return folder


def snakemake(
    folder: Path, *arguments: str, check: bool = True, environ: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Call snakemake in a checkout, at smoke size unless a config is named."""
    environment = {k: v for k, v in os.environ.items() if k not in ("NPROC", "PYTHONPATH")}
    environment["JAX_COMPILATION_CACHE_DIR"] = str(CACHES / "jax")
    environment |= environ or {}
    command = [str(Path(sys.executable).with_name("snakemake")), "--cores", "all", *arguments]
    if "--configfile" not in arguments:
        command += ["--configfile", "config/smoke.yaml"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done
