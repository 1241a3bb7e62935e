"""What made a run, for its record: packages, machine, time spent per rule; "unknown" where none is found."""

import csv
import importlib.metadata
import math
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from icgd.results.repository import UNKNOWN


def durations(benchmarks: Mapping[str, Iterable[str]]) -> dict[str, dict[str, int | float]]:
    """Jobs, their seconds in all and peak memory (MB) of each rule, from the benchmarks of its jobs."""
    found = {
        rule: [used for file in files if (used := _benchmark(Path(file)))]
        for rule, files in benchmarks.items()
    }
    return {
        rule: {
            "jobs": len(rows),
            "seconds": round(sum(seconds for seconds, _ in rows), 1),
            "peak_mb": round(max(memory for _, memory in rows), 0),
        }
        for rule, rows in found.items()
        if rows
    }


def _benchmark(path: Path) -> tuple[float, float] | None:
    """Seconds and memory of a job; None if there is no such file or it is cut off. Unmeasured counts as 0."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file, delimiter="\t"))
        return _measured(row["s"]), _measured(row["max_rss"])
    except (OSError, StopIteration, KeyError, ValueError, TypeError):
        return None


def _measured(cell: str) -> float:
    value = 0.0 if cell in ("-", "NA", "") else float(cell)
    return value if math.isfinite(value) else 0.0


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The installed version of each package."""

    def version(package: str) -> str:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return UNKNOWN

    return {package: version(package) for package in packages}


def machine() -> dict[str, str]:
    """System, processor and the device that JAX computes on."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    names = re.findall(r"model name\s*:\s*(.+)", text)
    processor = f"{names[0].strip()}, {len(names)} cores" if names else platform.processor()
    return {"platform": platform.platform(), "processor": processor or UNKNOWN, "device": _device()}


def _device() -> str:
    import jax

    try:
        return str(jax.devices()[0].device_kind)
    except RuntimeError as error:
        print(f"warning: JAX has no device: {error}", file=sys.stderr)
        return UNKNOWN
