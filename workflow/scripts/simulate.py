"""How long the published run would take on a cluster, by measured times of its jobs: simulate.py [OVERHEAD].

For the published seeds (5 of most learners), ten and a hundred times as many, on 1 to 100 nodes of two cores.
OVERHEAD are the seconds that each job costs a cluster besides its work: the start of Snakemake around it, and
the queue (by default 14).
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import pandas as pd

from icgd.bench.cluster import tails, tasks, wall
from icgd.spec.order import measured
from icgd.workflow.run import start

TIMES = (1, 10, 100)
NODES = (1, 10, 100)
CORES = 2
"""Of a node."""
CHECKS = ("verify", "verify_exact")


def table(overhead: float) -> pd.DataFrame:
    """A row for each number of seeds and of nodes."""
    run = start([], {})
    jobs = {key: job for key, job in run.jobs.items() if job.rule not in CHECKS}
    rows = []
    for times in TIMES:
        found = tasks(jobs, measured(), times, overhead)
        work = sum(task.seconds for task in found.values())
        longest = max(tails(found).values())
        for nodes in NODES:
            seconds = wall(found, CORES * nodes)
            rows.append(
                {
                    "seeds": times * run.config.seeds,
                    "nodes": nodes,
                    "jobs": len(found),
                    "core_hours": work / 3600,
                    "critical_path_min": longest / 60,
                    "wall_min": seconds / 60,
                    "busy": work / (seconds * CORES * nodes),
                }
            )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    found = table(float(sys.argv[1]) if len(sys.argv) > 1 else 14.0)
    print(found.to_string(index=False, float_format="{:.2f}".format))
