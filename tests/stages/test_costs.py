"""The table of what jobs have cost."""

from pathlib import Path

import pandas as pd

from icgd.results.costs import Cost, save_cost
from icgd.results.job import Job
from icgd.stages.costs import main


def test_jobs_that_are_gone_are_not_counted(tmp_path: Path) -> None:
    """A record that an earlier plan's job has left lies beside those of today's; one job has none yet."""
    names = ("a", "b", "gone")
    for start, name in enumerate(names):
        cost = Cost("train", name, 10.0 * start, 10.0 * start + 5, 4.0, 1.0, 1.0, 2, 1, 100.0)
        save_cost(tmp_path / f"costs/train/{name}.json", cost)
    places = [
        {"file": str(tmp_path / f"costs/train/{name}.json"), "study": "s"} for name in ("b", "a", "new")
    ]
    outputs = {suffix: tmp_path / f"costs.{suffix}" for suffix in ("csv", "png")}
    main(Job("costs", "all", {"costs": places}, outputs))
    table = pd.read_csv(outputs["csv"])
    assert list(table["name"]) == ["a", "b"]
    assert outputs["png"].stat().st_size > 1000
