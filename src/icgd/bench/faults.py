"""Faults of machines and files, done to a run on purpose: what comes out in the end, and what is said."""

import contextlib
import hashlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from icgd.bench.damages import DAMAGES, TRAP, VICTIMS
from icgd.results.digest import ROOT

SOURCES = ("Snakefile", "workflow", "config", "src", "envs", "paper", "requirements.lock")
RESULTS = (
    *("learners", "baselines", "prompts", "comparisons", "claims", "figures", "tables"),
    *("metrics.parquet", "metrics.csv", "claims.csv", "paper.pdf"),
)
"""What is compared, of what the target makes: all but records of times and machines."""
SHOWN = ("claims", "figures", "tables", "numbers")
"""Folders of what is made from tables."""
TRIES = 5
"""How often a time is drawn for a kill that finds nothing to end."""
Row = dict[str, Any]


@dataclass
class Campaign:
    """A checkout in a scratch folder, with what an undisturbed run of it makes."""

    folder: Path
    target: str
    config: Path
    seconds: float = 0.0
    """Of an undisturbed run whose programs are compiled already, as they are in those that are killed."""
    size: int = 0
    """Bytes of its results."""
    expected: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def start(cls, folder: Path, target: str, config: Path) -> "Campaign":
        """Copy the project, make the target twice, and remember what is made and how long the second took."""
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
        campaign.undisturbed()
        campaign.expected = campaign.made()
        campaign.seconds = campaign.undisturbed()
        if campaign.made() != campaign.expected:
            raise RuntimeError("two undisturbed runs differ")
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

    def undisturbed(self) -> float:
        """A run from nothing, which has to end well; its seconds."""
        self.clear()
        began = time.monotonic()
        status, said = self.run()
        if status:
            raise RuntimeError(f"the undisturbed run failed:\n{said[-3000:]}")
        return time.monotonic() - began

    def made(self) -> dict[str, str]:
        """Checksums of everything that does not depend on the time or the machine."""
        places = [self.results / name for name in RESULTS]
        files = [p for place in places for p in sorted([place, *place.rglob("*")]) if p.is_file()]
        names = (path.relative_to(self.results).as_posix() for path in files)
        sums = (hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
        return dict(zip(names, sums, strict=True))

    def clear(self) -> None:
        """Forget all results."""
        shutil.rmtree(self.folder / "results", ignore_errors=True)

    def outcome(self, fault: str, what: str, at: float, ended: int, status: int) -> Row:
        """A row: how many processes were ended, and whether what the undisturbed run makes was made."""
        same = self.made() == self.expected
        return {
            "fault": fault,
            "what": what,
            "at": round(at, 2),
            "ended": ended,
            "as_it_should": status == 0 and same,
        }

    def killed(self, who: str, dice: random.Random) -> Row:
        """SIGKILL at a random time to Snakemake, to a job, or to both; then the same command again."""
        for _ in range(TRIES):
            at, ended = self.hit(who, dice)
            if ended:
                break
        status, _ = self.run()
        row = self.outcome("killed", who, at, ended, status)
        row["as_it_should"] &= ended > 0
        return row

    def hit(self, who: str, dice: random.Random) -> tuple[float, int]:
        """The share of the time at which a run from nothing was hit, and how many processes were ended.

        A job is waited for, should none run at that time. A run that ends well all the same was not hit.
        """
        self.clear()
        began, process = time.monotonic(), self.begin()
        time.sleep(dice.uniform(0.05, 0.95) * self.seconds)
        jobs = [] if who == "run" else self.next_job(process)
        victims = {"run": [process.pid], "job": jobs, "both": [process.pid, *jobs] if jobs else []}[who]
        for pid in victims if process.poll() is None else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        at = (time.monotonic() - began) / self.seconds
        process.communicate()
        return at, len(victims) if process.returncode else 0

    def next_job(self, run: "subprocess.Popen[str]") -> list[int]:
        """The process of a job, the next one if none runs; nothing once the run has ended."""
        while run.poll() is None:
            if jobs := stages(self.folder):
                return jobs[:1]
            time.sleep(0.01)
        return []

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
                "ended": 0,
                "as_it_should": False,
            }
        try:
            first, said = self.run()
            subprocess.run(["mount", "-o", "remount,size=4g", str(place)], check=True)
            status, _ = self.run()
            row = self.outcome("disk full", f"first exit {first}", share, 0, status)
            row["as_it_should"] &= first == 0 or "No space left" in said
            return row
        finally:
            subprocess.run(["umount", str(place)], check=True)

    @property
    def damages(self) -> list[tuple[str, str]]:
        """What is damaged, and how."""
        return list(itertools.product(VICTIMS, DAMAGES))

    def damaged(self, what: str, kind: str) -> Row:
        """Damage a file of a finished run, ask for what is made from it again, then take it away."""
        if self.made() != self.expected:
            self.undisturbed()
        files = sorted(self.results.glob(VICTIMS[what]))
        victim = files[0]
        times = victim.stat()
        DAMAGES[kind](victim, files[-1])
        os.utime(victim, ns=(times.st_atime_ns, times.st_mtime_ns))  # Snakemake sees nothing
        self.forget_what_is_made_from(victim)
        status, said = self.run()
        named = status != 0 and str(victim.relative_to(self.folder)) in said
        if what in ("prompts", "baseline"):  # whose folder is made in one go, and is to be deleted
            shutil.rmtree(victim.parent)
        else:
            victim.unlink()
        row = self.outcome("damaged", f"{what}, {kind}", 0.0, 0, self.run()[0])
        row["as_it_should"] &= named and not (self.folder / TRAP).exists()
        return row

    def forget_what_is_made_from(self, victim: Path) -> None:
        """Snakemake asks for what is in between only if what it is to make is not there."""
        folder, experiment, variant, _ = victim.relative_to(self.results).parts
        if folder != "comparisons":
            shutil.rmtree(self.results / "comparisons" / experiment / variant)
        for path in self.results.glob("*"):
            if path.is_file():
                path.unlink()
            elif path.name in SHOWN:
                shutil.rmtree(path)


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
