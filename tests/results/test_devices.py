"""Which GPUs there are, and which of them a job takes; devices and JAX's plugin are stand-ins."""

import fcntl
import os
from pathlib import Path

import pytest

from icgd.results import devices
from icgd.results.devices import VARIABLE, assignment, choose, gpus


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of devices with two GPUs, and JAX's plugin for them."""
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    monkeypatch.setattr(devices, "has_plugin", lambda: True)
    return tmp_path


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, ["0", "1"]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, ["1"]),
        ({"CUDA_VISIBLE_DEVICES": "GPU-8932f937, 0"}, ["GPU-8932f937", "0"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, []),
        ({"CUDA_VISIBLE_DEVICES": "0,-1,1"}, ["0"]),
        ({"JAX_PLATFORMS": "cpu"}, []),
        ({"JAX_PLATFORMS": "cuda,cpu"}, ["0", "1"]),
    ],
)
def test_gpus_are_those_that_jax_may_use(two: Path, environ: dict[str, str], found: list[str]) -> None:
    assert gpus(environ, two) == found


def test_without_devices_or_plugin_there_are_none(
    two: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpus({"CUDA_VISIBLE_DEVICES": "0"}, tmp_path_factory.mktemp("empty")) == []
    monkeypatch.setattr(devices, "has_plugin", lambda: False)
    assert gpus({}, two) == []


def test_jobs_take_a_gpu_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two processes of three find a free one; the third shares, as do jobs of two runs on one machine."""
    monkeypatch.setattr(devices, "gpus", lambda _: ["0", "1"])
    monkeypatch.setattr(devices, "_held", [])
    taken = []
    for _ in range(3):
        environ = {VARIABLE: "1"}
        choose(environ, tmp_path)
        assert environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
        taken.append(environ.get("CUDA_VISIBLE_DEVICES"))
    assert taken == ["0", "1", None]
    fcntl.flock(devices._held[0], fcntl.LOCK_UN)  # as when the first one ends
    environ = {VARIABLE: "1"}
    choose(environ, tmp_path)
    assert environ["CUDA_VISIBLE_DEVICES"] == "0"
    for lock in devices._held:
        os.close(lock)


@pytest.mark.parametrize(
    ("plugin", "given", "prefix"),
    [(True, 1, "ICGD_GPU=1 "), (True, 0, "ICGD_GPU=0 "), (False, 0, ""), (False, 1, "ICGD_GPU=1 ")],
)
def test_a_job_that_was_given_no_gpu_is_told_so_where_jax_would_take_one(
    monkeypatch: pytest.MonkeyPatch, plugin: bool, given: int, prefix: str
) -> None:
    """The last row is a cluster whose first host has no plugin, its nodes do."""
    monkeypatch.setattr(devices, "has_plugin", lambda: plugin)
    assert assignment(given) == prefix


def test_other_jobs_stay_on_the_processor_or_are_left_alone(tmp_path: Path) -> None:
    environ = {VARIABLE: "0", "JAX_PLATFORMS": "cuda"}
    choose(environ, tmp_path)
    assert environ["JAX_PLATFORMS"] == "cpu"
    environ = {"PATH": "/usr/bin"}
    choose(environ, tmp_path)
    assert environ == {"PATH": "/usr/bin"}


def test_a_share_of_memory_that_the_user_chose_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(devices, "gpus", lambda _: [])
    environ = {VARIABLE: "1", "XLA_PYTHON_CLIENT_PREALLOCATE": "true", "XLA_PYTHON_CLIENT_MEM_FRACTION": ".4"}
    choose(environ, tmp_path)
    assert environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "true"
