"""Faults of machines and files, done to a run on purpose: what comes out in the end, and what is said."""

import contextlib
import hashlib
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from icgd.results.digest import ROOT

SOURCES = ("Snakefile", "workflow", "config", "src", "envs", "paper", "requirements.lock")
RESULTS = ("learners", "baselines", "prompts", "comparisons", "claims", "figures")
"""What is compared: all but records of times and machines."""
TRAP = "unpickled"
Row = dict[str, Any]


@dataclass
class Campaign:
    """A checkout in a scratch folder, with what an undisturbed run of it makes."""

    folder: Path
    target: str
    config: Path
    seconds: float = 0.0
    size: int = 0
    """Bytes of its results."""
    expected: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def start(cls, folder: Path, target: str, config: Path) -> "Campaign":
        """Copy the project, make the target once, and remember it."""
        campaign = cls((folder / "icgd").resolve(), target, config.resolve())
        campaign.folder.mkdir(parents=True)
        for name in SOURCES:
            source, copy = ROOT / name, campaign.folder / name
            if source.is_dir():
                shutil.copytree(
                    source, copy, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
                )
            elif source.is_file():
                shutil.copy(source, copy)
        began = time.monotonic()
        status, said = campaign.run()
        if status:
            raise RuntimeError(f"the undisturbed run failed:\n{said[-3000:]}")
        campaign.seconds = time.monotonic() - began
        campaign.expected = campaign.made()
        campaign.size = sum(path.stat().st_size for path in campaign.results.rglob("*") if path.is_file())
        return campaign

    @property
    def results(self) -> Path:
        """Where the run writes."""
        return self.folder / "results" / self.config.stem

    def command(self) -> list[str]:
        """The same command each time."""
        snakemake = [sys.executable, "-m", "snakemake", "--cores", "2", self.target]
        return [*snakemake, "--configfile", str(self.config)]

    def begin(self) -> "subprocess.Popen[str]":
        """Start the run, apart from this process: a signal to one does not reach the other."""
        options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(self.command(), cwd=self.folder, start_new_session=True, **options)

    def run(self) -> tuple[int, str]:
        """Run to the end; exit code and what was said."""
        process = self.begin()
        said = process.communicate()[0]
        return process.returncode, said

    def made(self) -> dict[str, str]:
        """Checksums of everything that does not depend on the time or the machine."""
        files = [p for name in RESULTS for p in sorted((self.results / name).rglob("*")) if p.is_file()]
        places = (path.relative_to(self.results).as_posix() for path in files)
        sums = (hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
        return dict(zip(places, sums, strict=True))

    def clear(self) -> None:
        """Forget all results."""
        shutil.rmtree(self.folder / "results", ignore_errors=True)

    def outcome(self, fault: str, what: str, at: float, status: int) -> Row:
        """A row: whether a run ended well and made what the undisturbed one did."""
        same = self.made() == self.expected
        return {"fault": fault, "what": what, "at": round(at, 2), "as_it_should": status == 0 and same}

    def killed(self, who: str, dice: random.Random) -> Row:
        """SIGKILL at a random time to Snakemake, to a job, or to both; then the same command again."""
        self.clear()
        process, at = self.begin(), dice.uniform(0.05, 0.95) * self.seconds
        time.sleep(at)
        jobs = stages(self.folder)
        for pid in {"run": [process.pid], "job": jobs[:1], "both": [process.pid, *jobs]}[who]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()
        status, _ = self.run()
        return self.outcome("killed", who, at, status)

    def full(self, share: float) -> Row:
        """A disk that is full when a share of the results has been written, and larger the second time."""
        self.clear()
        place = self.folder / "results"
        place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={int(share * self.size)}", "tmpfs", str(place)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return {
                "fault": "disk full",
                "what": "not tried: mount refused",
                "at": share,
                "as_it_should": False,
            }
        try:
            first, said = self.run()
            subprocess.run(["mount", "-o", "remount,size=4g", str(place)], check=True)
            status, _ = self.run()
            row = self.outcome("disk full", f"first exit {first}", share, status)
            row["as_it_should"] &= first == 0 or "No space left" in said
            return row
        finally:
            subprocess.run(["umount", str(place)], check=True)

    @property
    def damages(self) -> list[str]:
        """Kinds of damage to a file."""
        return list(DAMAGES)

    def damaged(self, kind: str) -> Row:
        """Damage a learner of a finished run, ask for what is made from it again, then take it away."""
        if self.made() != self.expected:
            self.clear()
            self.run()
        learners = sorted(self.results.glob("learners/*/*/*.npz"))
        victim = learners[0]
        times = victim.stat()
        DAMAGES[kind](victim, learners[-1])
        os.utime(victim, ns=(times.st_atime_ns, times.st_mtime_ns))  # Snakemake sees nothing
        experiment = victim.relative_to(self.results / "learners").parts[0]
        # Snakemake asks for what is in between only if what it is to make is not there.
        for path in [*self.results.glob(f"comparisons/{experiment}"), *self.results.glob("*")]:
            if path.is_file():
                path.unlink()
            elif path.parent != self.results or path.name in ("claims", "figures", "tables", "numbers"):
                shutil.rmtree(path)
        status, said = self.run()
        named = status != 0 and str(victim.relative_to(self.folder)) in said
        victim.unlink()
        row = self.outcome("damaged", kind, 0.0, self.run()[0])
        row["as_it_should"] &= named and not (self.folder / TRAP).exists()
        return row


def stages(folder: Path) -> list[int]:
    """Processes of the jobs of a checkout."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(folder / "workflow/scripts/stage.py") in words and not words[0].endswith(b"sh"):
            found.append(int(place.name))
    return found


def _cut(victim: Path, _: Path) -> None:
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2])


def _swapped(victim: Path, other: Path) -> None:
    victim.write_bytes(other.read_bytes())


def _another_version(victim: Path, _: Path) -> None:
    with np.load(victim) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = str(arrays["__header__"])
    arrays["__header__"] = np.array(header.replace('"digest": "', '"digest": "0'))
    np.savez(victim, **arrays)  # type: ignore[arg-type]


class _Trap:
    """Unpickled, it leaves a file: nothing may unpickle it."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (TRAP,)


def _pickled(victim: Path, _: Path) -> None:
    victim.write_bytes(pickle.dumps(_Trap()))


DAMAGES: Mapping[str, Callable[[Path, Path], None]] = {
    "cut": _cut,
    "swapped": _swapped,
    "of another version": _another_version,
    "pickled": _pickled,
}
