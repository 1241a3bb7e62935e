"""Environments with extras have the packages of the main one, at the same versions."""

import re

import pytest

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
