"""What jobs cost: their own account, and sums over it."""

import subprocess
import sys
from pathlib import Path

import pytest

from icgd.results.costs import Cost, load_costs, save_cost
from icgd.results.environment import SOURCES
from icgd.results.provenance import durations

COMPILES = """
import time
from icgd.results.costs import Meter

meter = Meter()
import jax
import jax.numpy as jnp
import numpy as np

meter.started()
programs = []
for size in (2, 3):
    matrix = np.ones((size, size), np.float32)
    jax.jit(lambda x: jnp.linalg.svd(jax.jit(jnp.sin)(x))[0]).lower(matrix).compile()
cost = meter.cost("train", "a")
stop = time.process_time() + 0.3
while time.process_time() < stop:
    pass
later = meter.cost("train", "a")
assert later.compiling == cost.compiling > 0.02, cost
assert later.cpu - cost.cpu >= 0.25
assert 0.1 < later.start < later.start + later.compiling < later.cpu, later
assert later.compiled == 2 and later.cached == 0, later
assert later.ended - later.began > 0.3
assert later.peak_mb > 50
"""


def cost(rule: str = "train", name: str = "a", cpu: float = 1.5, peak: float = 10.0) -> Cost:
    return Cost(rule, name, 5.0, 7.0, cpu, 0.5, 0.25, 2, 1, peak)


def test_meter_tells_start_compiling_and_the_rest_apart(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(SOURCES), "JAX_COMPILATION_CACHE_DIR": str(tmp_path), "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", COMPILES], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_costs_of_jobs_are_summed_by_rule(tmp_path: Path) -> None:
    saved = [cost(), cost(name="b", cpu=2.5, peak=90.4), cost(rule="figure", cpu=3.0)]
    places = [tmp_path / f"{number}.json" for number in range(3)]
    for place, each in zip(places, saved, strict=True):
        save_cost(place, each)
    assert list(load_costs(places)) == saved
    assert durations(saved) == {
        "train": {"jobs": 2, "seconds": 4.0, "peak_mb": 90},
        "figure": {"jobs": 1, "seconds": 3.0, "peak_mb": 10},
    }


@pytest.mark.parametrize("text", ["", "[]", '{"rule": "train"}', '{"rule": '])
def test_records_that_are_cut_off_or_of_another_version_are_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert list(load_costs([tmp_path / "a.json", tmp_path / "none.json"])) == []
