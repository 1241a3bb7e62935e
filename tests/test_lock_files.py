"""Environments with extras, and conda's, have the packages of the main one, at the same versions."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker

from tests.conftest import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) ; (.*?) \\$", re.MULTILINE)
ADDED = {"slurm": "snakemake-executor-plugin-slurm", "cuda": "jax-cuda12-plugin"}


def pins(name: str) -> set[tuple[str, ...]]:
    return set(PIN.findall((ROOT / name).read_text("utf-8")))


@pytest.mark.parametrize("extra", ADDED)
def test_extras_only_add(extra: str) -> None:
    main, more = pins("requirements.lock"), pins(f"requirements-{extra}.lock")
    names = {name for name, *_ in main}
    assert {pin for pin in more if pin[0] in names} <= main
    assert ADDED[extra] in {name for name, *_ in more} - names


def test_cuda_plugin_is_of_the_version_of_jaxlib() -> None:
    found = {(name, version) for name, version, _ in pins("requirements-cuda.lock")}
    versions = {version for name, version in found if name == "jaxlib"}
    assert {version for name, version in found if name == "jax-cuda12-plugin"} == versions


def conda_pins() -> dict[str, str]:
    return dict(
        pin.split("=") for pin in yaml.safe_load((ROOT / "envs/icgd.yaml").read_text())["dependencies"]
    )


def test_conda_has_the_versions_of_the_lock_file() -> None:
    conda = conda_pins()
    python = {"python_version": conda["python"], "python_full_version": f"{conda.pop('python')}.0"}
    locked = {name: v for name, v, marker in pins("requirements.lock") if Marker(marker).evaluate(python)}
    assert conda == {name: locked[name] for name in conda}


def imported(file: Path) -> Iterator[str]:
    """Top-level packages that a module imports from outside, wherever it does so."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        yield from (name.partition(".")[0] for name in names)


def test_conda_has_what_jobs_import() -> None:
    """All but `icgd.workflow`, which the main process alone imports, in Snakemake's own environment."""
    files = [path for path in (ROOT / "src/icgd").rglob("*.py") if "workflow" not in path.parts]
    known = packages_distributions()
    names = {name for file in files for name in imported(file)} - sys.stdlib_module_names - {"icgd"}
    assert len(names) > 10
    assert {known[name][0].lower().replace("_", "-") for name in names} <= conda_pins().keys()
