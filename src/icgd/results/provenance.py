"""What made a run, for its record: packages, machine, time spent per rule; "unknown" where none is found."""

import importlib.metadata
import platform
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from icgd.results.costs import Cost
from icgd.results.repository import UNKNOWN


def durations(costs: Iterable[Cost]) -> dict[str, dict[str, int | float]]:
    """Jobs of each rule, their seconds of processor time in all, and their peak memory (MB)."""
    by_rule: dict[str, list[Cost]] = {}
    for cost in costs:
        by_rule.setdefault(cost.rule, []).append(cost)
    return {
        rule: {
            "jobs": len(jobs),
            "seconds": round(sum(job.cpu for job in jobs), 1),
            "peak_mb": round(max(job.peak_mb for job in jobs)),
        }
        for rule, jobs in by_rule.items()
    }


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
