"""The environment of a run: variables of the user's shell that would change its results do not reach it.

| variables | what becomes of them |
|---|---|
| `JAX_*`, `EQX_*` | dropped, but for those that choose a device, a cache or what is logged |
| `XLA_FLAGS` | replaced by the config's; by nothing where it has none |
| switches of the numerical libraries (`NPY_*`, `MKL_CBWR`, `NVIDIA_TF32_OVERRIDE`, …) | dropped |
| `MPL*`, `MATPLOTLIBRC` | replaced: figures go to files, in the look of the project (`MPLCONFIGDIR` stays) |
| `PYTHON*` | dropped, but for those without influence; modules come from src/, text is UTF-8 |
| `TEX*`, `BIBINPUTS`, `BSTINPUTS`, parameters of TeX | dropped |
| `GIT_*` | dropped: the record is about this checkout |
| all others (numbers of threads, `CUDA_*`, proxies, …) | kept |
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2]
RUN_FLAGS = "ICGD_XLA_FLAGS"
"""Holds the config's XLA flags, so that a stage can tell them from the user's."""
KEPT = re.compile(
    r"JAX_(PLATFORMS|PLATFORM_NAME|COMPILATION_CACHE_DIR|ENABLE_COMPILATION_CACHE|PERSISTENT_CACHE_\w+|"
    r"(CUDA|ROCM)_VISIBLE_DEVICES|LOG\w*|TRACEBACK_FILTERING)|"
    r"MPLCONFIGDIR|"
    r"PYTHON(DONTWRITEBYTECODE|PYCACHEPREFIX|UNBUFFERED|USERBASE|NOUSERSITE|HASHSEED|FAULTHANDLER)?"
)
DROPPED = re.compile(
    r"(JAX_|EQX_|NPY_|ONEDNN_|DNNL_|CUBLAS_|CUDNN_|TF_CUDNN_|PANDAS_|MPL|PYTHON|TEX|GIT_).*|"
    r"XLA_FLAGS|LIBTPU_INIT_ARGS|NVIDIA_TF32_OVERRIDE|SCIPY_ARRAY_API|GLIBC_TUNABLES|"
    r"MKL_(CBWR|ENABLE_INSTRUCTIONS|DEBUG_CPU_TYPE)|OPENBLAS_CORETYPE|MATPLOTLIBRC|"
    r"BIBINPUTS|BSTINPUTS|LATEXMKRC\w*|openin_any|openout_any|shell_escape\w*|(half_)?error_line|max_print_line"
)
RECORDED = re.compile(
    r"XLA_FLAGS|JAX_PLATFORMS|JAX_PLATFORM_NAME|NPROC|(OMP|OPENBLAS|MKL|NUMEXPR)_NUM_THREADS"
)


def clean(environ: Mapping[str, str], xla_flags: str | None = None) -> dict[str, str]:
    """The environment for the jobs of a run whose config has these XLA flags.

    Without `xla_flags` it is that of one of its jobs, whose environment names them. To clean twice is
    to clean once.
    """
    flags = environ.get(RUN_FLAGS, "") if xla_flags is None else xla_flags
    kept = {n: v for n, v in environ.items() if KEPT.fullmatch(n) or not DROPPED.fullmatch(n)}
    # An empty file of settings: without one, matplotlib looks for the user's.
    kept |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
    kept |= {"PYTHONPATH": str(SOURCES), "PYTHONUTF8": "1", RUN_FLAGS: flags}
    cache = SOURCES.parent / ".cache" / "jax"
    caching = {
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    return caching | kept | ({"XLA_FLAGS": flags} if flags else {})


def recorded(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables for the record of the run: of those that are kept, the ones that may reach numbers."""
    return {name: value for name, value in sorted(environ.items()) if RECORDED.fullmatch(name)}
