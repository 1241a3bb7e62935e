"""Stage: record what made the run: versions, revision, config, machine, time spent per rule."""

import hashlib
import importlib.metadata
import json
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import jax
import pandas as pd

from icgd.results.store import write_text
from icgd.results.digest import ROOT
from icgd.stages.arguments import run_stage

PACKAGES = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "pandas", "matplotlib", "snakemake")


def _git(*command: str) -> str:
    """A git command's output; empty outside a repository."""
    result = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else ""


def web_address(remote: str) -> str:
    """The page of a remote such as git@host:owner/name.git; empty if it has none."""
    match = re.fullmatch(r"(?:https?://|ssh://git@|git@)([^/:]+)[/:](.+?)(?:\.git)?/?", remote)
    return f"https://{match[1]}/{match[2]}" if match else ""


def durations(folder: Path) -> dict[str, dict[str, float]]:
    """Jobs, their seconds in all and peak memory (MB) of each rule, from its benchmarks."""
    found: dict[str, list[pd.Series]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        rule = path.relative_to(folder).parts[0].removesuffix(".tsv")
        found.setdefault(rule, []).append(pd.read_csv(path, sep="\t", na_values="-").iloc[0])
    return {
        rule: {
            "jobs": len(rows),
            "seconds": round(float(sum(row["s"] for row in rows)), 1),
            "peak_mb": round(float(pd.Series([row["max_rss"] for row in rows]).max()), 0),
        }
        for rule, rows in found.items()
    }


def _processor() -> str:
    names = re.findall(r"model name\s*:\s*(.+)", _read("/proc/cpuinfo"))
    return f"{names[0].strip()}, {len(names)} cores" if names else platform.processor()


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""


def main(spec: dict[str, Any], benchmarks: Path, output: Path) -> None:
    """Write provenance.json; `spec` is the run's name and config."""
    config = json.dumps(spec["config"], sort_keys=True)
    record = {
        "run": spec["run"],
        "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
        "revision": _git("rev-parse", "HEAD") or "unknown",
        "modified": bool(_git("status", "--porcelain")),
        "repository": web_address(_git("remote", "get-url", "origin")),
        "python": platform.python_version(),
        "packages": {package: importlib.metadata.version(package) for package in PACKAGES},
        "platform": platform.platform(),
        "processor": _processor(),
        "device": str(jax.devices()[0].device_kind),
        "durations": durations(benchmarks),
    }
    write_text(output, json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    run_stage(main, benchmarks="folder of benchmarks", output="record")
