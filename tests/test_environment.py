"""Whatever the user's shell holds, a run and its stages compute the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from icgd.results.environment import RUN_FLAGS, SOURCES, clean, recorded
from icgd.results.job import Job

HOSTILE = {
    "JAX_ENABLE_X64": "1",
    "JAX_THREEFRY_PARTITIONABLE": "0",
    "JAX_DEFAULT_PRNG_IMPL": "rbg",
    "JAX_DEFAULT_MATMUL_PRECISION": "bfloat16",
    "JAX_NUMPY_DTYPE_PROMOTION": "strict",
    "JAX_DISABLE_JIT": "1",
    "EQX_ON_ERROR": "nan",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    "NVIDIA_TF32_OVERRIDE": "1",
    "NPY_DISABLE_CPU_FEATURES": "AVX2",
    "SCIPY_ARRAY_API": "1",
    "PANDAS_FUTURE_INFER_STRING": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MATPLOTLIBRC": "/home/me/matplotlibrc",
    "PYTHONPATH": "/home/me/other",
    "PYTHONHOME": "/opt/other",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONIOENCODING": "latin-1",
    "PYTHONUTF8": "0",
    "TEXINPUTS": "/home/me/tex:",
    "TEXMFHOME": "/home/me/texmf",
    "BIBINPUTS": "/home/me/bib",
    "openout_any": "p",
    "GIT_DIR": "/home/me/.git",
}
HARMLESS = {
    "PATH": "/usr/bin",
    "HOME": "/home/me",
    "LC_ALL": "de_DE.ISO-8859-1",
    "JAX_PLATFORMS": "cpu",
    "JAX_COMPILATION_CACHE_DIR": "/scratch/jax",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "CUDA_VISIBLE_DEVICES": "1",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "NPROC": "1",
    "OMP_NUM_THREADS": "1",
    "MPLCONFIGDIR": "/scratch/matplotlib",
    "PYTHON": "python3.12",
    "PYTHONUNBUFFERED": "1",
    "HTTPS_PROXY": "http://proxy:3128",
}


def test_what_changes_results_is_dropped_or_fixed() -> None:
    cleaned = clean(HOSTILE | HARMLESS, xla_flags="")
    assert cleaned == clean(HARMLESS, xla_flags="")
    assert {name: cleaned[name] for name in HARMLESS} == HARMLESS
    fixed = {name: cleaned[name] for name in cleaned.keys() - HARMLESS.keys()}
    assert fixed == {
        "PYTHONPATH": str(SOURCES),
        "PYTHONUTF8": "1",
        "MPLBACKEND": "agg",
        "MATPLOTLIBRC": os.devnull,
        RUN_FLAGS: "",
    }
    assert clean({}, xla_flags="")["JAX_COMPILATION_CACHE_DIR"] == str(SOURCES.parent / ".cache/jax")
    assert (SOURCES / "icgd/results/environment.py").exists()


@pytest.mark.parametrize("flags", ["", "--xla_backend_optimization_level=0"])
def test_flags_of_the_config_reach_a_job_and_no_others(flags: str) -> None:
    run = clean({"XLA_FLAGS": "--xla_cpu_enable_fast_math=true"}, xla_flags=flags)
    assert run.get("XLA_FLAGS", "") == flags
    assert clean(run) == run
    assert clean(run | HOSTILE) == run


def test_record_names_what_may_reach_numbers_and_nothing_private() -> None:
    environ = clean(HOSTILE | HARMLESS | {"GITHUB_TOKEN": "secret"}, xla_flags="--xla_a=1")
    assert recorded(environ) == {
        "JAX_PLATFORMS": "cpu",
        "NPROC": "1",
        "OMP_NUM_THREADS": "1",
        "XLA_FLAGS": "--xla_a=1",
    }


STAGE = """
import json, sys
import jax, matplotlib
from icgd.analysis.tidy import rows

def main(job):
    "Write what libraries have made of the environment."
    draws = jax.random.normal(jax.random.key(0), (3,)).tolist()
    found = [draws, matplotlib.get_backend(), matplotlib.rcParams["axes.grid"], sys.flags.utf8_mode]
    found += [sys.flags.optimize, "é".encode(sys.stdout.encoding).hex(), job.spec["a"]]
    job.outputs["output"].write_text(json.dumps(found))
"""


ENTRY = """
import importlib, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from icgd.stages import entry
imported = importlib.import_module
entry.importlib = type(sys)("importlib")
entry.importlib.import_module = lambda name: imported("stage" if name == "icgd.stages.own" else name)
sys.exit(entry.run("own", Path(sys.argv[3])))
"""


def test_stage_computes_the_same_in_every_shell(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc.mine").write_text("axes.grid: True\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/stage.py").write_text(STAGE, encoding="utf-8")
    hostile = HOSTILE | {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc.mine"), "LC_ALL": "C"}
    outputs = []
    for name, environ in {"plain": {}, "hostile": hostile}.items():
        job = Job("own", name, {"a": "é"}, {"output": tmp_path / name}, "digest", {"xla_flags": ""})
        file = tmp_path / f"{name}.{job.digest}.json"
        file.write_text(job.text(), encoding="utf-8")
        entry = tmp_path / "entry.py"
        entry.write_text(ENTRY, encoding="utf-8")
        command = [
            sys.executable,
            "-I",
            "-X",
            "utf8",
            str(entry),
            str(SOURCES),
            str(tmp_path / "own"),
            str(file),
        ]
        subprocess.run(command, env={**os.environ, **environ}, check=True)
        outputs.append(json.loads((tmp_path / name).read_text(encoding="utf-8")))
    assert outputs[0] == outputs[1]
    assert outputs[0][1:] == ["agg", False, 1, 0, "c3a9", "é"]
