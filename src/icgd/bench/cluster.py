"""How long a run would take on a cluster: its jobs, with measured times, put on so many cores.

Jobs start in the order of the work that hangs from them, as soon as a core is free (list scheduling, Graham
1969: at most twice the best). Not in it: queues of other users, file systems, nodes of different speed.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from icgd.results.job import Job
from icgd.spec.order import expected

START = 1.5
"""Seconds of a job until its modules are imported, whatever it then does."""
Name = tuple[str, str, int]
"""Rule and name of a job, and which of its copies it is."""


@dataclass(frozen=True)
class Task:
    """A job: how long it takes (s), and the jobs that it waits for."""

    seconds: float
    after: tuple[Name, ...] = ()


def tasks(
    jobs: Mapping[tuple[str, str], Job],
    seconds: Mapping[tuple[str, str], float],
    times: int,
    overhead: float,
) -> dict[Name, Task]:
    """Jobs with their measured seconds, at so many times as many seeds as in the plan.

    Each block of seeds is trained so many times; comparisons read them all and take, but for their start, so
    many times as long. `overhead` are seconds of the cluster for each job.
    """
    makers = {str(path): job for job in jobs.values() for path in job.outputs.values()}
    found, usual = {}, expected(seconds)
    for job in jobs.values():
        work = max(usual(job.rule, job.name) - START, 0.0)
        whole = overhead + START + (times * work if job.rule == "compare" else work)
        before = {id(makers[path]): makers[path] for path in job.inputs if path in makers}.values()
        for copy in range(times if job.rule == "train" else 1):
            after = (name for maker in before for name in _copies(maker, job, copy, times))
            found[job.rule, job.name, copy] = Task(whole, tuple(after))
    return found


def _copies(maker: Job, reader: Job, copy: int, times: int) -> Iterator[Name]:
    """What a copy of a job waits for: a training that starts from another one, for that of its own seeds."""
    if maker.rule != "train":
        yield maker.rule, maker.name, 0
    elif reader.rule == "train":
        yield maker.rule, maker.name, copy
    else:
        yield from ((maker.rule, maker.name, each) for each in range(times))


def tails(tasks: Mapping[Name, Task]) -> dict[Name, float]:
    """For each job the seconds of the longest chain that begins with it; the longest is the critical path."""
    readers: dict[Name, list[Name]] = defaultdict(list)
    for key, task in tasks.items():
        for before in task.after:
            readers[before].append(key)
    found: dict[Name, float] = {}
    order = TopologicalSorter({key: task.after for key, task in tasks.items()}).static_order()
    for key in reversed([*order]):
        found[key] = tasks[key].seconds + max((found[reader] for reader in readers[key]), default=0.0)
    return found


def wall(tasks: Mapping[Name, Task], cores: int) -> float:
    """Seconds until the last job has ended, with as many jobs at once as there are cores."""
    readers: dict[Name, list[Name]] = defaultdict(list)
    left = {key: len(task.after) for key, task in tasks.items()}
    for key, task in tasks.items():
        for before in task.after:
            readers[before].append(key)
    order = tails(tasks)
    ready = [(-order[key], key) for key, count in left.items() if not count]
    heapq.heapify(ready)
    running: list[tuple[float, Name]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < cores:
            key = heapq.heappop(ready)[1]
            heapq.heappush(running, (now + tasks[key].seconds, key))
        now, done = heapq.heappop(running)
        for reader in readers[done]:
            left[reader] -= 1
            if not left[reader]:
                heapq.heappush(ready, (-order[reader], reader))
    return now
