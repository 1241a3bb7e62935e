"""What the campaign of faults does to files, and how it judges; the runs themselves are stand-ins."""

import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icgd.bench import faults
from icgd.bench.damages import DAMAGES
from icgd.bench.faults import Campaign
from icgd.results.job import Artefact
from icgd.results.records import arrow_table, save_records
from icgd.results.store import ArtefactError, load_arrays, save_arrays
from icgd.results.tables import load_table


@pytest.mark.parametrize("kind", DAMAGES)
def test_every_damage_is_refused_by_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    victim, other = tmp_path / "a/b/c/one.npz", tmp_path / "a/b/c/two.npz"
    for path, digest in ((victim, "11"), (other, "22")):
        save_arrays(path, {"x": np.zeros(100)}, format="learner", digest=digest)
    load_arrays(Artefact(victim, "11"), "learner")
    DAMAGES[kind](victim, other)
    with pytest.raises(ArtefactError, match=str(victim)):
        load_arrays(Artefact(victim, "11"), "learner")
    assert not (tmp_path / "unpickled").exists()


def test_the_trap_snaps_where_something_unpickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    DAMAGES["pickled"](tmp_path / "victim", tmp_path)
    pickle.loads((tmp_path / "victim").read_bytes())  # noqa: S301
    assert (tmp_path / "unpickled").exists()


@pytest.mark.parametrize("kind", DAMAGES)
def test_every_damage_to_a_table_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    victim, other = tmp_path / "a/b/c/one.parquet", tmp_path / "a/b/c/two.parquet"
    for path, digest in ((victim, "11"), (other, "22")):
        save_records(path, arrow_table([{"value": 1.0}] * 100, {"value": "Float64"}), digest)
    load_table(Artefact(victim, "11"))
    DAMAGES[kind](victim, other)
    with pytest.raises(ArtefactError, match=str(victim)):
        load_table(Artefact(victim, "11"))


class Rehearsal(Campaign):
    """A campaign whose run writes one file, at once."""

    text = "same"

    def command(self) -> list[str]:
        place = self.results / "claims"
        return ["sh", "-c", f"mkdir -p {place}; printf {self.text} > {place}/a.csv; sleep 0.3"]


@pytest.mark.parametrize(("text", "fine"), [("same", True), ("other", False)])
def test_a_resumed_run_is_held_against_the_undisturbed_one(tmp_path: Path, text: str, fine: bool) -> None:
    campaign: Any = Rehearsal(tmp_path, "all", Path("few.yaml"), seconds=0.1)
    assert campaign.run() == (0, "")
    campaign.expected = campaign.made()
    assert list(campaign.expected) == ["claims/a.csv"]
    campaign.text = text
    row = campaign.killed("run", random.Random(0))
    assert (row["fault"], row["what"], row["ended"], row["as_it_should"]) == ("killed", "run", 1, fine)


def test_a_kill_that_finds_nothing_to_end_is_drawn_again_and_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in has no jobs at first; then it has one, whose end fails the run."""
    monkeypatch.setattr(faults, "TRIES", 2)
    campaign: Any = Rehearsal(tmp_path, "all", Path("few.yaml"), seconds=0.1)
    campaign.run()
    campaign.expected = campaign.made()
    begun, begin = [], campaign.begin

    def counted() -> Any:
        begun.append(begin())
        return begun[-1]

    campaign.begin = counted
    row = campaign.killed("job", random.Random(0))
    assert (len(begun), row["ended"], row["as_it_should"]) == (3, 0, False)
    monkeypatch.setattr(faults, "stages", lambda _: [begun[-1].pid])
    row = campaign.killed("job", random.Random(0))
    assert (len(begun), row["ended"], row["as_it_should"]) == (5, 1, True)


def test_whole_files_of_a_run_are_compared_too(tmp_path: Path) -> None:
    campaign = Rehearsal(tmp_path, "all", Path("few.yaml"))
    campaign.results.mkdir(parents=True)
    for name in ("metrics.csv", "paper.pdf", "costs.csv"):
        (campaign.results / name).write_text(name)
    assert list(campaign.made()) == ["metrics.csv", "paper.pdf"]


def test_what_is_made_from_a_damaged_file_is_asked_for_again(tmp_path: Path) -> None:
    campaign = Rehearsal(tmp_path, "all", Path("few.yaml"))
    places = ["comparisons/e/test/m.parquet", "comparisons/e/size=5/m.parquet", "claims/s.csv", "claims.csv"]
    for name in ("prompts/e/test/law.npz", *places):
        (campaign.results / name).parent.mkdir(parents=True, exist_ok=True)
        (campaign.results / name).touch()
    campaign.forget_what_is_made_from(campaign.results / "comparisons/e/test/m.parquet")
    assert [(campaign.results / name).exists() for name in places] == [True, True, False, False]
    campaign.forget_what_is_made_from(campaign.results / "prompts/e/test/law.npz")
    assert [(campaign.results / name).exists() for name in places] == [False, True, False, False]
