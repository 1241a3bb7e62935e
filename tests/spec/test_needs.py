"""Memory and time that jobs ask for, by a record with a few rows."""

from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from snakemake.resources import GroupResources, Resources

from icgd.results.paths import Paths
from icgd.spec.config import load
from icgd.spec.needs import UNKNOWN, Need, need, needs
from icgd.spec.plan import Plan
from icgd.workflow.run import Run
from tests.conftest import ROOT

RECORD = """\
rule,name,cpu,peak_mb
train,a/test/one.0-4,60.0,1000
train,a/test/one.5-9,90.0,800
train,a/test/two.0-4,600.0,
figure,f,3.0,200
"""


def known(folder: Path, text: str = RECORD) -> dict[tuple[str, str], Need]:
    (folder / "costs.csv").write_text(text)
    return needs(folder / "costs.csv")


def test_a_job_asks_for_what_it_needed_with_a_margin(tmp_path: Path) -> None:
    """The greatest of its blocks of seeds: 1.5 · 1000 + 300 MB; 3 · 90 + 45 s are 5.25 min."""
    found = need(known(tmp_path), "train", "a/test/one.0-4")
    assert found == Need(1000.0, 90.0)
    assert [found.memory(attempt) for attempt in (1, 2, 3)] == [1800, 3600, 7200]
    assert [found.minutes(attempt) for attempt in (1, 2, 3)] == [6, 12, 24]


def test_what_was_not_measured_is_that_of_the_rule(tmp_path: Path) -> None:
    record = known(tmp_path)
    assert need(record, "train", "a/test/two.0-4") == Need(1000.0, 600.0)
    assert need(record, "train", "b/test/new.0-4") == Need(1000.0, 600.0)
    assert need(record, "compare", "a/test/alignment") == UNKNOWN


def test_a_record_without_memory_serves_for_times(tmp_path: Path) -> None:
    record = known(tmp_path, "rule,name,cpu\nfigure,f,3.0\n")
    assert need(record, "figure", "f") == Need(UNKNOWN.peak_mb, 3.0)


def test_the_record_of_the_project_is_one(tmp_path: Path) -> None:
    found = need(needs(), "train", "one_step/test/transformer.0-4")
    assert 500 < found.memory(1) < 8000
    assert 2 < found.minutes(1) < 240


PROFILE = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text("utf-8"))
LIMITS = Resources.parse(PROFILE["resources"], allow_expressions=False)
LIMITS["_cores"] = PROFILE["cores"]
NODE_MB, NODE_MINUTES = 10_000, 120
"""Memory of the virtual nodes (workflow/scripts/virtual_slurm.sh), and the longest that an entry may take."""


@pytest.fixture(scope="module")
def smoke() -> tuple[Run, list[tuple[str, str]]]:
    """The smoke run on such nodes, and its jobs up to the comparisons."""
    run = Run(
        "smoke", load([ROOT / "config/smoke.yaml"]), defaultdict(list), most_mb=LIMITS.get("mem_mb").value
    )
    return run, [*Plan(run.config, Paths("results/smoke"), defaultdict(list)).jobs]


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_no_queue_entry_of_the_smoke_paper_asks_for_more_than_a_node_has(
    smoke: tuple[Run, list[tuple[str, str]]], attempt: int
) -> None:
    """The fattest jobs of each group in one entry, as Snakemake sums them up under the profile's limits."""
    run, jobs = smoke
    for group in PROFILE["group-components"]:
        rule, size = group.split("=")
        named = [name for kind, name in jobs if kind == rule] or ["all"]
        wanted = sorted((run.memory(rule, name)({}, attempt) for name in named), reverse=True)
        entry = [
            SimpleNamespace(resources={"_cores": 1, "mem_mb": each, "runtime": 5}, pipe_group=None)
            for each in wanted[: int(size)]
        ]
        found = GroupResources.basic_layered([entry], LIMITS, False)
        assert int(found["mem_mb"]) <= NODE_MB, group
        assert int(found["_cores"]) <= PROFILE["cores"]


def test_the_entry_of_all_that_comes_after_the_comparisons_asks_for_less_than_two_hours(
    smoke: tuple[Run, list[tuple[str, str]]],
) -> None:
    """Its jobs one after another on its cores: each may take a minute at least."""
    run, _ = smoke
    late = [rule for rule, group in (pair.split("=") for pair in PROFILE["groups"]) if group == "write_up"]
    asked = [run.minutes(rule, name)({}, 1) for rule, name in run.jobs if rule in late]
    assert len(asked) > 60
    assert sum(asked) / PROFILE["cores"] + max(asked) < NODE_MINUTES
