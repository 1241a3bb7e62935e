"""Which jobs go first: those from which the longest chain of work hangs, by times measured before."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import fmean

from icgd.results.digest import ROOT
from icgd.results.job import Job

MEASURED = ROOT / "workflow" / "reference" / "costs.csv"
"""Processor seconds of jobs at full size, or about so; other machines keep their order."""
Key = tuple[str, str]


def without_seeds(rule: str, name: str) -> Key:
    """What a job has in common with that of other seeds."""
    return rule, name.rpartition(".")[0] if rule == "train" else name


def measured(path: Path = MEASURED) -> dict[Key, float]:
    """Processor seconds by rule and name; of several blocks of seeds the longest."""
    found: dict[Key, float] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = without_seeds(row["rule"], row["name"])
            found[key] = max(found.get(key, 0.0), float(row["cpu"]))
    return found


def expected(seconds: Mapping[Key, float]) -> Callable[[str, str], float]:
    """Seconds to expect of a job, by rule and name.

    One that was never measured counts like the mean of its rule, or like the mean of all.
    """
    by_rule = defaultdict(list)
    for (rule, _), spent in seconds.items():
        by_rule[rule].append(spent)
    usual = {rule: fmean(spent) for rule, spent in by_rule.items()}
    otherwise = fmean(seconds.values()) if seconds else 1.0
    return lambda rule, name: seconds.get(without_seeds(rule, name), usual.get(rule, otherwise))


def remaining(
    jobs: Iterable[Job],
    seconds: Mapping[Key, float],
    inputs: Callable[[Job], list[str]] = lambda job: job.inputs,
) -> dict[Key, float]:
    """For each job, the seconds of the longest chain that begins with it."""
    jobs, own = list(jobs), expected(seconds)
    readers = defaultdict(list)
    for job in jobs:
        for path in inputs(job):
            readers[path].append(job)
    found: dict[Key, float] = {}

    def chain(job: Job) -> float:
        key = job.rule, job.name
        if key not in found:
            after = {id(reader): reader for path in job.outputs.values() for reader in readers[str(path)]}
            found[key] = own(*key) + max((chain(reader) for reader in after.values()), default=0.0)
        return found[key]

    for job in jobs:
        chain(job)
    return found
